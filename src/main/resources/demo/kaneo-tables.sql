-- The tables of Kaneo that the gateway reads and writes, as a Kaneo 2.22 has them. For the demo and
-- the tests; a real Kaneo makes its own.
CREATE TABLE "user" (
  id text PRIMARY KEY, name text NOT NULL, email text NOT NULL UNIQUE,
  email_verified boolean NOT NULL DEFAULT false, image text, locale text,
  created_at timestamp NOT NULL DEFAULT now(), updated_at timestamp NOT NULL DEFAULT now(),
  is_anonymous boolean DEFAULT false, role text, banned boolean DEFAULT false, ban_reason text,
  ban_expires timestamp
);
CREATE TABLE session (
  id text PRIMARY KEY, expires_at timestamp NOT NULL, token text NOT NULL UNIQUE,
  created_at timestamp NOT NULL DEFAULT now(), updated_at timestamp NOT NULL, ip_address text,
  user_agent text, user_id text NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  active_organization_id text, active_team_id text, impersonated_by text
);
CREATE INDEX session_user_id_idx ON session (user_id);
CREATE TABLE account (
  id text PRIMARY KEY, account_id text NOT NULL, provider_id text NOT NULL,
  user_id text NOT NULL REFERENCES "user" (id) ON DELETE CASCADE, password text,
  created_at timestamp NOT NULL DEFAULT now(), updated_at timestamp NOT NULL DEFAULT now()
);
CREATE TABLE apikey (
  id text PRIMARY KEY, name text, start text, prefix text, key text NOT NULL, user_id text,
  refill_interval integer, refill_amount integer, last_refill_at timestamp,
  enabled boolean DEFAULT true, rate_limit_enabled boolean DEFAULT true,
  rate_limit_time_window integer DEFAULT 60000, rate_limit_max integer DEFAULT 100,
  request_count integer DEFAULT 0, remaining integer, last_request timestamp, expires_at timestamp,
  created_at timestamp NOT NULL, updated_at timestamp NOT NULL, permissions text, metadata text,
  config_id text NOT NULL DEFAULT 'default', reference_id text
);
CREATE INDEX apikey_key_idx ON apikey (key);
CREATE TABLE device_code (
  id text PRIMARY KEY, device_code text NOT NULL UNIQUE, user_code text NOT NULL UNIQUE,
  user_id text REFERENCES "user" (id) ON DELETE CASCADE, expires_at timestamp NOT NULL,
  status text NOT NULL, last_polled_at timestamp, polling_interval integer, client_id text,
  scope text, created_at timestamp NOT NULL DEFAULT now(), updated_at timestamp NOT NULL DEFAULT now()
);
