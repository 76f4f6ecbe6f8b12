package org.pgregent.pg;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.PostgresView.HistoryLine;
import org.pgregent.core.model.Timeline;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Timelines' history files: where each earlier timeline was left. */
final class Timelines {

    private static final Logger LOG = LoggerFactory.getLogger(Timelines.class);

    private Timelines() {}

    static List<HistoryLine> parse(String text) {
        List<HistoryLine> lines = new ArrayList<>();
        for (String line : text.split("\n")) {
            String[] parts = line.trim().split("\\s+", 3);
            if (line.isBlank() || line.startsWith("#") || parts.length < 2) {
                continue;
            }
            lines.add(new HistoryLine(
                    new Timeline(Long.parseLong(parts[0])), Lsn.parse(parts[1]), parts.length > 2 ? parts[2] : ""));
        }
        return lines;
    }

    /** That of the folder's own file; empty if there is none. */
    static List<HistoryLine> read(Path dataDir, Timeline timeline) {
        Path file = dataDir.resolve("pg_wal").resolve(String.format("%08X.history", timeline.number()));
        try {
            return parse(Files.readString(file, StandardCharsets.UTF_8));
        } catch (NoSuchFileException none) {
            return List.of();
        } catch (IOException | IllegalArgumentException e) {
            LOG.warn("cannot read {}", file, e);
            return List.of();
        }
    }

    /** Where that timeline was left, if the history knows it. */
    static Optional<Lsn> switchPoint(List<HistoryLine> history, Timeline timeline) {
        return history.stream()
                .filter(line -> line.timeline().equals(timeline))
                .map(HistoryLine::switchPoint)
                .findFirst();
    }
}
