-- What Penstock needs in Snowflake: a warehouse of its own, a role that can only read, a user with a key.
-- Change the names in capitals, and run it as a role that may create users and grant (SECURITYADMIN for the role and the user,
-- SYSADMIN for the warehouse; ACCOUNTADMIN has both). It may be run again.

-- A warehouse that is used by nothing else, so that its bill is the cost of syncing. XSMALL is enough for windows of some
-- minutes. 60 seconds is the least that a start costs anyway.
CREATE WAREHOUSE IF NOT EXISTS PENSTOCK_WH
  WAREHOUSE_SIZE = XSMALL
  AUTO_SUSPEND = 60
  AUTO_RESUME = TRUE
  INITIALLY_SUSPENDED = TRUE
  STATEMENT_TIMEOUT_IN_SECONDS = 3600
  COMMENT = 'Penstock: online profiles';

-- A limit on what it may cost in a month. Beyond it the warehouse does not start, and runs fail with error 90073.
-- CREATE RESOURCE MONITOR IF NOT EXISTS PENSTOCK_MONITOR WITH CREDIT_QUOTA = 50
--   TRIGGERS ON 80 PERCENT DO NOTIFY ON 100 PERCENT DO SUSPEND;
-- ALTER WAREHOUSE PENSTOCK_WH SET RESOURCE_MONITOR = PENSTOCK_MONITOR;

-- Snowflake has no read-only transactions: that this role can write nothing is the protection. Grant it nothing else.
CREATE ROLE IF NOT EXISTS PENSTOCK_READER COMMENT = 'Penstock: reads what is synced';
GRANT USAGE ON WAREHOUSE PENSTOCK_WH TO ROLE PENSTOCK_READER;
GRANT USAGE ON DATABASE SNOWPLOW_DEV1 TO ROLE PENSTOCK_READER;
GRANT USAGE ON SCHEMA SNOWPLOW_DEV1.SIGNALS TO ROLE PENSTOCK_READER;
GRANT SELECT ON ALL TABLES IN SCHEMA SNOWPLOW_DEV1.SIGNALS TO ROLE PENSTOCK_READER;
GRANT SELECT ON FUTURE TABLES IN SCHEMA SNOWPLOW_DEV1.SIGNALS TO ROLE PENSTOCK_READER;
-- Only if views are synced:
-- GRANT SELECT ON ALL VIEWS IN SCHEMA SNOWPLOW_DEV1.SIGNALS TO ROLE PENSTOCK_READER;

-- A service user cannot log in with a password. The key is the contents of penstock_key.pub without its first and last line.
CREATE USER IF NOT EXISTS PENSTOCK
  TYPE = SERVICE
  DEFAULT_ROLE = PENSTOCK_READER
  DEFAULT_WAREHOUSE = PENSTOCK_WH
  DEFAULT_SECONDARY_ROLES = ()
  COMMENT = 'Penstock: online profiles';
-- ALTER USER PENSTOCK SET RSA_PUBLIC_KEY = 'MIIBIjANBgkqh...';
GRANT ROLE PENSTOCK_READER TO USER PENSTOCK;

-- Class A, by row timestamps (as the table's owner). Rows from before have none and are NULL: see docs/snowflake.md.
-- ALTER TABLE SNOWPLOW_DEV1.SIGNALS.SNOWPLOW_ECOMMERCE_TRANSACTION_INTERACTIONS_FEATURES SET ROW_TIMESTAMP = TRUE;

-- Class A, by change tracking (as the table's owner). The retention must outlast the longest time that Penstock may be down.
-- ALTER TABLE SNOWPLOW_DEV1.SIGNALS.SNOWPLOW_ECOMMERCE_TRANSACTION_INTERACTIONS_FEATURES
--   SET CHANGE_TRACKING = TRUE DATA_RETENTION_TIME_IN_DAYS = 7;
