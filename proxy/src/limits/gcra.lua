-- The rule of gcra.rs, for the shared counters. Times are microseconds; all numbers stay below 2^53 and so are exact.
--
-- ARGV[1]: the time, in tests only; otherwise empty, and Redis's own clock counts.
-- Then for each request the number of its policies, and for each policy: interval, burst, cost, 1 if it may refuse.
-- KEYS: one for each policy of each request, in that order; all of one agency, so that they live in one slot.
-- Answers the time, and for each policy: allowed, remaining, retry_after, reset_after.

local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end

local answer = { now }
local at, place = 2, 1

local function decide(tat, interval, burst, cost)
  local limit = now + interval * burst
  local used_until = math.min(math.max(tat, now), limit)
  local next_tat = used_until + cost * interval
  if next_tat > limit then
    return false, math.floor((limit - used_until) / interval), next_tat - limit, used_until - now, used_until
  end
  return true, math.floor((limit - next_tat) / interval), 0, next_tat - now, next_tat
end

while at <= #ARGV do
  local count = tonumber(ARGV[at])
  at = at + 1
  local policies, refused = {}, false
  for i = 1, count do
    local policy = {
      key = KEYS[place],
      interval = tonumber(ARGV[at]),
      burst = tonumber(ARGV[at + 1]),
      cost = tonumber(ARGV[at + 2]),
      tat = tonumber(redis.call('GET', KEYS[place]) or 0),
    }
    policy.allowed, policy.remaining, policy.retry_after, policy.reset_after, policy.next_tat =
      decide(policy.tat, policy.interval, policy.burst, policy.cost)
    refused = refused or (not policy.allowed and ARGV[at + 3] == '1')
    policies[i] = policy
    at = at + 4
    place = place + 1
  end
  for _, policy in ipairs(policies) do
    if refused and policy.allowed then
      policy.allowed, policy.remaining, policy.retry_after, policy.reset_after =
        decide(policy.tat, policy.interval, policy.burst, 0)
    elseif policy.allowed and policy.reset_after > 0 then
      -- Redis forgets by its own clock. Not tostring: it would round to 14 digits.
      local keep = ARGV[1] == '' and math.ceil(policy.reset_after / 1000) or 60000
      redis.call('SET', policy.key, string.format('%.0f', policy.next_tat), 'PX', string.format('%.0f', keep))
    end
    answer[#answer + 1] = policy.allowed and 1 or 0
    answer[#answer + 1] = policy.remaining
    answer[#answer + 1] = policy.retry_after
    answer[#answer + 1] = policy.reset_after
  end
end
return answer
