# shellcheck shell=bash disable=SC2154
# A PostgreSQL server of this run's own: temporary directory, free port, nothing kept.

postgres_home=

# The directory of the newest installed server's programs.
postgres_tools() {
  local tools
  tools=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
  [[ -x $tools/initdb ]] && printf '%s\n' "$tools"
}

# PostgreSQL refuses to run as root, so root hands it to the account that Debian's package made.
as_postgres() {
  if ((EUID)); then "$@"; else (cd / && runuser -u postgres -- "$@"); fi
}

# Starts it and exports LATCHKEY_TEST_POSTGRES, the address of a role that may create databases and is no superuser:
# row-level security does not hold a superuser.
start_postgres() {
  local tools port
  tools=$(postgres_tools)
  postgres_home=$(mktemp -d)
  ((EUID)) || chown postgres "$postgres_home"
  as_postgres "$tools/initdb" -D "$postgres_home/data" -U postgres -E UTF8 --locale=C.UTF-8 -N \
    --auth=trust >"$logs/postgres-initdb.log" 2>&1 || die 'initdb failed'
  # No password: proving one costs an unoptimised build more than most tests take. The superuser stays behind the directory.
  printf '%s\n' 'local all all trust' 'host all latchkey 127.0.0.1/32 trust' >"$postgres_home/data/pg_hba.conf"
  # Another program may take the free port first; then the next one does.
  for _ in 1 2 3; do
    port=$(free_port)
    as_postgres "$tools/pg_ctl" -D "$postgres_home/data" -w -s -l "$postgres_home/server.log" -o "\
      -c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$postgres_home -c max_connections=300 \
      -c fsync=off -c synchronous_commit=off -c full_page_writes=off" start && break
  done
  as_postgres psql -h "$postgres_home" -p "$port" -U postgres -qX -v ON_ERROR_STOP=1 \
    -c 'create role latchkey login createdb' >"$logs/postgres-role.log" 2>&1 \
    || die 'PostgreSQL did not start'
  export LATCHKEY_TEST_POSTGRES="postgres://latchkey@127.0.0.1:$port/postgres"
}

stop_postgres() {
  [[ -n $postgres_home ]] || return 0
  as_postgres "$(postgres_tools)/pg_ctl" -D "$postgres_home/data" -m immediate -s stop || true
  cp "$postgres_home/server.log" "$logs/postgres.log" 2>/dev/null || true
  rm -rf "$postgres_home"
  postgres_home=
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
