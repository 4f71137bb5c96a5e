package dev.kaneogateway.oauth;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;

/**
 * The authorization server metadata (RFC 8414) of an issuer of its own, {@code <public
 * url>/api/auth}, so that Kaneo's documents for MCP keep theirs. It says only what is true, and
 * leaves out arrays that would be empty (§3.2).
 */
final class Metadata {
  private static final String ISSUER_PATH = "/api/auth";

  private final JsonObject document;

  Metadata(URI publicUrl) {
    String issuer = publicUrl + ISSUER_PATH;
    JsonArray none = new JsonArray().add("none");
    this.document =
        new JsonObject()
            .put("issuer", issuer)
            .put("device_authorization_endpoint", issuer + "/device/code")
            .put("token_endpoint", issuer + "/device/token")
            .put("token_endpoint_auth_methods_supported", none)
            .put("revocation_endpoint", issuer + "/device/revoke")
            .put("revocation_endpoint_auth_methods_supported", none)
            .put(
                "grant_types_supported",
                new JsonArray().add("urn:ietf:params:oauth:grant-type:device_code"));
  }

  boolean owns(String path) {
    return path.equals("/.well-known/oauth-authorization-server" + ISSUER_PATH)
        || path.equals(ISSUER_PATH + "/.well-known/oauth-authorization-server")
        || path.equals(ISSUER_PATH + "/.well-known/openid-configuration")
        || path.equals("/.well-known/openid-configuration" + ISSUER_PATH);
  }

  JsonObject document() {
    return document;
  }
}
