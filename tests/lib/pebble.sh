# shellcheck shell=bash disable=SC2154
# Pebble, the test server of ACME, with its DNS stub. Only programs: a test starts its own, on ports of its own.

# Exports LATCHKEY_TEST_PEBBLE, LATCHKEY_TEST_CHALLTESTSRV and LATCHKEY_TEST_PEBBLE_VERSION. Debian's next release has
# a Pebble that knows renewal information (ARI) and profiles and runs here too; the one of this release knows neither.
install_pebble() {
  local home=$PWD/target/tools/pebble
  if ! pebble_knows_ari "$home"; then
    say 'installing pebble'
    if ! unpack_pebble "$home" newest; then
      unpack_pebble "$home" || die 'apt-get could not download pebble'
    fi
  fi
  export LATCHKEY_TEST_PEBBLE=$home/usr/bin/pebble
  export LATCHKEY_TEST_CHALLTESTSRV=$home/usr/bin/pebble-challtestsrv
  LATCHKEY_TEST_PEBBLE_VERSION=$(<"$home/version")
  export LATCHKEY_TEST_PEBBLE_VERSION
  pebble_knows_ari "$home" || say "pebble $LATCHKEY_TEST_PEBBLE_VERSION: tests of renewal information (ARI) and profiles are left out"
}

pebble_knows_ari() {
  [[ -s $1/version ]] && dpkg --compare-versions "$(<"$1/version")" ge 2.10
}

# unpack_pebble HOME [newest]: whole or not at all.
unpack_pebble() {
  local home=$1 work
  work=$(mktemp -d)
  if download_pebble "$work" "${2:-}" >>"$logs/pebble.log" 2>&1 \
    && dpkg -x "$work"/pebble_*.deb "$work/root" \
    && "$work/root/usr/bin/pebble" -h >>"$logs/pebble.log" 2>&1; then
    dpkg-deb -f "$work"/pebble_*.deb Version | sed 's/+.*//' >"$work/root/version"
    rm -rf "$home"
    mkdir -p "${home%/*}"
    mv "$work/root" "$home"
  fi
  rm -rf "$work"
  [[ -s $home/version ]]
}

# With lists and a cache of its own where the newest is wanted: the system's apt never hears of that release.
download_pebble() {
  local work=$1 options=()
  if [[ $2 == newest ]]; then
    mkdir -p "$work"/{lists,archives}/partial
    : >"$work/status"
    printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian sid main\n' >"$work/sources.list"
    options=(
      -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
      -o "Dir::State=$work" -o "Dir::State::status=$work/status" -o "Dir::Cache=$work"
      -o "APT::Sandbox::User=$(id -un)" -o Acquire::Languages=none
      -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false
    )
    apt-get "${options[@]}" update || return
  else
    as_root apt-get -qq update || true
  fi
  (cd "$work" && apt-get "${options[@]}" download pebble)
}
