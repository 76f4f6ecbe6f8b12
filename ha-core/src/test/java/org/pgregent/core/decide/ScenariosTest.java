package org.pgregent.core.decide;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.pgregent.core.rules.RuleBook;

/**
 * The rule book, told as stories: {@code src/test/resources/scenarios}. A story is comment lines, the situation, and the answer
 * behind an arrow. After a deliberate change run with {@code -Drewrite=true} and commit the difference if you can say why each
 * line of it is wanted.
 */
class ScenariosTest {

    private static final Path FOLDER = Path.of("src/test/resources/scenarios");
    private static final Decider DECIDER = new Decider(RuleBook.RULES);

    private record Story(Path file, int line, List<String> comment, List<String> situation, String answer) {
        String actual() {
            Decision d = Scenario.parse(situation).decide(DECIDER);
            return "→ %s because \"%s\"".formatted(d.action(), d.because());
        }

        String rule() {
            return Scenario.parse(situation).decide(DECIDER).rule();
        }
    }

    @TestFactory
    Stream<DynamicTest> everyStoryEndsAsTold() throws IOException {
        if (Boolean.getBoolean("rewrite")) {
            rewrite();
        }
        return stories().stream()
                .map(story -> DynamicTest.dynamicTest(
                        story.file.getFileName() + ":" + story.line + " " + String.join(" ", story.comment),
                        () -> assertThat(story.actual()).isEqualTo(story.answer)));
    }

    @Test
    void everyRuleIsToldAboutInAtLeastOneStory() throws IOException {
        TreeSet<String> untold = new TreeSet<>();
        RuleBook.RULES.forEach(rule -> untold.add(rule.sentence()));
        for (Story story : stories()) {
            untold.remove(story.rule());
        }
        assertThat(untold).isEmpty();
    }

    private static List<Story> stories() throws IOException {
        List<Story> stories = new ArrayList<>();
        for (Path file : files()) {
            List<String> comment = new ArrayList<>();
            List<String> situation = new ArrayList<>();
            int number = 0;
            for (String line : Files.readAllLines(file)) {
                number++;
                if (line.startsWith("#")) {
                    comment.add(line.substring(1).trim());
                } else if (line.startsWith("→")) {
                    stories.add(new Story(file, number, List.copyOf(comment), List.copyOf(situation), line));
                    comment.clear();
                    situation.clear();
                } else if (!line.isBlank()) {
                    situation.add(line);
                }
            }
        }
        assertThat(stories).isNotEmpty();
        return stories;
    }

    private static List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            return files.filter(f -> f.toString().endsWith(".txt")).sorted().toList();
        }
    }

    private static void rewrite() throws IOException {
        for (Path file : files()) {
            StringBuilder text = new StringBuilder();
            for (Story story : stories()) {
                if (story.file.equals(file)) {
                    story.comment.forEach(c -> text.append("# ").append(c).append('\n'));
                    story.situation.forEach(l -> text.append(l).append('\n'));
                    text.append(story.actual()).append("\n\n");
                }
            }
            Files.writeString(file, text.toString().stripTrailing() + "\n");
        }
    }
}
