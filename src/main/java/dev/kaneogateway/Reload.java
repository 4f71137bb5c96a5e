package dev.kaneogateway;

import dev.kaneogateway.config.Settings;
import dev.kaneogateway.config.SettingsException;
import dev.kaneogateway.config.SettingsFiles;
import io.vertx.core.Future;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the settings of a running gateway again and has them taken up: all of them, or, if one
 * cannot be used, none. Blocks on files and on the gateway, so not for an event loop.
 */
final class Reload {
  private static final Logger LOG = LoggerFactory.getLogger(Reload.class);

  private final Gateway gateway;
  private final SettingsFiles files;

  Reload(Gateway gateway, SettingsFiles files) {
    this.gateway = gateway;
    this.files = files;
  }

  /** Fails with {@link SettingsException} if a setting cannot be used; both ends are logged. */
  synchronized Future<?> now() {
    try {
      SettingsFiles.Change change = files.readAgain();
      files.doubts().forEach(LOG::warn);
      if (!change.needRestart().isEmpty()) {
        LOG.warn("changed, but taken up only by a restart: {}", names(change.needRestart()));
      }
      if (change.changed().isEmpty()) {
        LOG.info("the settings were read again, and none has changed that can be taken up");
        return Future.succeededFuture();
      }
      return takeUp(change);
    } catch (SettingsException e) {
      e.problems().forEach(problem -> LOG.error("the changed settings are refused: {}", problem));
      return Future.failedFuture(e);
    }
  }

  private Future<?> takeUp(SettingsFiles.Change change) {
    Settings settings = change.settings();
    return gateway
        .renew(settings)
        .onSuccess(
            taken -> {
              LogConfiguration.level(settings.logs().level());
              LOG.info("taken up: {}", names(change.changed()));
            })
        .onFailure(failure -> LOG.error("the changed settings could not be taken up", failure));
  }

  private static String names(List<String> settings) {
    return String.join(", ", settings);
  }
}
