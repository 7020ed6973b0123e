# shellcheck shell=bash disable=SC2154
# A Redis of this run's own: free port, nothing written to disk.

redis_pid=

# Starts it and exports LATCHKEY_TEST_REDIS. Tests share it: they keep to keys of their own and never flush.
start_redis() {
  local port
  # Another program may take the free port first; then the next one does.
  for _ in 1 2 3; do
    port=$(free_port)
    redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --daemonize no --logfile "$logs/redis.log" &
    redis_pid=$!
    if redis_answers "$port"; then
      export LATCHKEY_TEST_REDIS="redis://127.0.0.1:$port"
      return
    fi
    stop_redis
  done
  die 'Redis did not start'
}

# Ten seconds at most, fewer when the server is gone.
redis_answers() {
  for _ in {1..100}; do
    kill -0 "$redis_pid" 2>/dev/null || return 1
    [[ $(redis-cli -h 127.0.0.1 -p "$1" info server 2>/dev/null) != *"process_id:$redis_pid"* ]] || return 0
    sleep 0.1
  done
  return 1
}

stop_redis() {
  [[ -n $redis_pid ]] || return 0
  kill "$redis_pid" 2>/dev/null || true
  wait "$redis_pid" 2>/dev/null || true
  redis_pid=
}
