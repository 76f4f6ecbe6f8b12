package org.pgregent.launcher.config;

/** The shape a value must have. */
public enum Kind {
    TEXT("text", "a string", "write one text"),
    WHOLE("whole number", "an integer", "write it in digits"),
    REAL("number", "a number", "write it in digits"),
    FLAG("boolean", "a boolean", "write true or false"),
    LIST("list", "a list", "write its items one a line, each after a dash"),
    TEXTS("list", "a list", "write its items one a line, each after a dash, or as one text with commas"),
    MAP("mapping", "a dictionary", "write its keys indented below it"),
    /** Options of a program. */
    OPTIONS("list", "a list", "write the options one a line, each after a dash"),
    /** A mapping whose keys are known, or at least some of them. */
    SECTION("mapping", "a dictionary", "write its keys indented below it"),
    ANY("value", "a value", "");

    private final String word;
    private final String contractWord;
    private final String remedy;

    Kind(String word, String contractWord, String remedy) {
        this.word = word;
        this.contractWord = contractWord;
        this.remedy = remedy;
    }

    /** For people, without an article. */
    public String word() {
        return word;
    }

    /** With an article, as the contract has it after "is not"; scripts may look for it. */
    public String contractWord() {
        return contractWord;
    }

    public String remedy() {
        return remedy;
    }
}
