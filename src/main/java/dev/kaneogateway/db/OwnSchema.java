package dev.kaneogateway.db;

/**
 * The gateway's own schema in Kaneo's database. Gateways that start together, one that finds its
 * tables gone, and {@code triggers} all change it, and PostgreSQL fails whoever creates what
 * another has just created: they take turns.
 */
public final class OwnSchema {
  /** Waits until nobody else changes the schema, to the end of the transaction. */
  static final String TAKE_TURN = "SELECT pg_advisory_xact_lock(hashtext('kaneo_gateway.schema'))";

  /**
   * Takes the turn, and creates the schema if it is not there. Of one transaction with the rest.
   */
  public static final String CREATE =
      TAKE_TURN
          + """
          ;
          DO $$ BEGIN
            -- IF NOT EXISTS would ask for the right to create one even where it is.
            IF to_regnamespace('kaneo_gateway') IS NULL THEN CREATE SCHEMA kaneo_gateway; END IF;
          END $$""";

  /** Of a transaction that has taken its turn: leaves nothing of it if nothing is in it. */
  static final String DROP_EMPTY =
      """
      DO $$ BEGIN
        IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = to_regnamespace('kaneo_gateway'))
        THEN DROP SCHEMA IF EXISTS kaneo_gateway; END IF;
      END $$""";

  private OwnSchema() {}
}
