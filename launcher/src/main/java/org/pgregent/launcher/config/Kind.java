package org.pgregent.launcher.config;

/** The shape a value must have. */
public enum Kind {
    TEXT("text", "write one text"),
    WHOLE("whole number", "write it in digits"),
    REAL("number", "write it in digits"),
    FLAG("boolean", "write true or false"),
    LIST("list", "write its items one a line, each after a dash"),
    TEXTS("list", "write its items one a line, each after a dash, or as one text with commas"),
    MAP("mapping", "write its keys indented below it"),
    /** Options of a program. */
    OPTIONS("list", "write the options one a line, each after a dash"),
    /** A mapping whose keys are known, or at least some of them. */
    SECTION("mapping", "write its keys indented below it"),
    ANY("value", "");

    private final String word;
    private final String remedy;

    Kind(String word, String remedy) {
        this.word = word;
        this.remedy = remedy;
    }

    /** For people, without an article. */
    public String word() {
        return word;
    }

    public String remedy() {
        return remedy;
    }
}
