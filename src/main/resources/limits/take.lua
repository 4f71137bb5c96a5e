-- Takes tokens from a bucket that all gateways share, even those that are not there: what is owed
-- comes back first. The bucket is kept as the moment when it will be full again, in milliseconds of
-- Redis's own clock; a full one needs no key.
--
-- KEYS[1]  the bucket
-- ARGV     tokens taken (fewer than none: given back), tokens of a full bucket, milliseconds in which an empty one fills
-- returns  tokens left, fewer than none if some are owed
local taken, quota, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
-- Nobody is made to wait for more than one window beside the usual one.
full = math.max(now, math.min(full + taken * window / quota, now + 2 * window))
redis.call('SET', KEYS[1], string.format('%.3f', full), 'PX', math.max(1, math.ceil(full - now)))
return math.floor(quota - (full - now) * quota / window + 0.001)
