# shellcheck shell=bash disable=SC2154
# Installs what the tests need and this machine lacks. Debian; asks nothing.

# want COMMAND PACKAGE...: remembers the packages when the command is not there.
wanted=()
want() {
  local command=$1
  shift
  command -v "$command" >/dev/null || wanted+=("$@")
}

want_basics() {
  want cc build-essential
  want cmake cmake
  want eatmydata eatmydata
  python3 -c 'import ensurepip, venv' 2>/dev/null || wanted+=(python3 python3-venv)
}

want_servers() {
  postgres_tools >/dev/null || wanted+=(postgresql)
  want psql postgresql-client
  want redis-server redis-server
  want h2load nghttp2-client
  want curl curl
  want slowhttptest slowhttptest
  want wrk wrk
}

want_browser() {
  want chromium chromium
  want node nodejs
  want npm npm
  want openssl openssl
}

install_wanted() {
  ((${#wanted[@]})) || return 0
  say "installing ${wanted[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}" \
    >"$logs/apt.log" 2>&1 || die "apt-get could not install ${wanted[*]}"
  wanted=()
}

as_root() {
  if ((EUID)); then sudo "$@"; else "$@"; fi
}

# Debian 12 brings a Node.js that the journeys' packages no longer run on; npm brings a newer one, under target/.
install_node() {
  local major version=22.23.3 home=$PWD/target/tools/node machine
  major=$(node -p 'process.versions.node.split(".")[0]')
  ((major < 20)) || return 0
  case $(uname -m) in
    x86_64) machine=x64 ;;
    aarch64) machine=arm64 ;;
    *) die "the browser journeys need Node.js 20 or later, this is $(node --version)" ;;
  esac
  local programs=$home/node_modules/node-linux-$machine/bin
  if [[ $("$programs/node" --version 2>/dev/null) != "v$version" ]]; then
    say "installing Node.js $version"
    mkdir -p "$home"
    npm install --prefix "$home" --no-save --no-audit --no-fund "node-linux-$machine@$version" >"$logs/node.log" 2>&1 \
      || die 'Node.js could not be installed'
  fi
  PATH=$programs:$PATH
}

# Node's packages, installed anew only when the lock file is another one.
install_node_packages() {
  local here=tests/browser
  cmp -s "$here/package-lock.json" "$here/node_modules/.installed" && return
  say 'installing the Node packages of tests/browser'
  npm ci --prefix "$here" --no-audit --no-fund >"$logs/npm.log" 2>&1 || die 'npm ci failed in tests/browser'
  cp "$here/package-lock.json" "$here/node_modules/.installed"
}

# install_python NAME: one tool in a virtual environment under target/, made anew only when its pinned list is another one.
install_python() {
  local name=$1 list=tests/tools/$1.txt home=$PWD/target/tools/$1
  cmp -s "$list" "$home/.installed" && return
  say "installing $name"
  rm -rf "$home"
  { python3 -m venv "$home" && "$home/bin/pip" install --quiet --disable-pip-version-check -r "$list"; } \
    >"$logs/pip-$name.log" 2>&1 || die "$name could not be installed"
  cp "$list" "$home/.installed"
}

install_schemathesis() {
  install_python schemathesis
  export LATCHKEY_SCHEMATHESIS=$PWD/target/tools/schemathesis/bin/schemathesis
}

# A verifier of signatures and an SMTP server that are not ours.
install_mail_tools() {
  install_python dkimpy
  export LATCHKEY_TEST_DKIMPY=$PWD/target/tools/dkimpy/bin/python
  install_python aiosmtpd
  export LATCHKEY_TEST_AIOSMTPD=$PWD/target/tools/aiosmtpd/bin/python
}

install_sslyze() {
  install_python sslyze
  export LATCHKEY_TEST_SSLYZE=$PWD/target/tools/sslyze/bin/sslyze
}
