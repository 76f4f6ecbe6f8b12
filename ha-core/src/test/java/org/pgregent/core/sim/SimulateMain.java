package org.pgregent.core.sim;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The night run: what {@code bin/simulate} starts. */
final class SimulateMain {

    private SimulateMain() {}

    /** What the command line asks for. */
    private static final class Options {
        private long seeds = 100;
        private long first = 1;
        private boolean trace;
        private boolean hashes;
        private boolean machineFreeze;
        private int nodes;
        private int jobs = Runtime.getRuntime().availableProcessors();
        private int minutes = 10;
        private Mutant mutant = Mutant.NONE;
        private String mutantName = "";
    }

    public static void main(String[] args) {
        Options options;
        try {
            options = parse(args);
        } catch (IllegalArgumentException wrong) {
            System.err.println("simulate: " + wrong.getMessage() + "; --help explains");
            System.exit(2);
            return;
        }
        System.exit(run(options));
    }

    private static Options parse(String[] args) {
        Options options = new Options();
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--seeds" -> options.seeds = number(args, ++i);
                case "--seed" -> options.first = number(args, ++i);
                case "--nodes" -> options.nodes = (int) number(args, ++i);
                case "--jobs" -> options.jobs = (int) number(args, ++i);
                case "--minutes" -> options.minutes = (int) number(args, ++i);
                case "--trace" -> options.trace = true;
                case "--hashes" -> options.hashes = true;
                case "--machine-freeze" -> options.machineFreeze = true;
                case "--mutant" -> mutant(options, ++i < args.length ? args[i] : "");
                default -> throw new IllegalArgumentException("unknown option " + args[i]);
            }
        }
        if (options.nodes != 0 && options.nodes != 3 && options.nodes != 5) {
            throw new IllegalArgumentException("--nodes is 3 or 5");
        }
        return options;
    }

    private static void mutant(Options options, String name) {
        options.mutantName = name;
        options.mutant = Mutants.named(name)
                .orElseThrow(
                        () -> new IllegalArgumentException("--mutant is one of " + String.join(", ", Mutants.names())));
    }

    private static long number(String[] args, int place) {
        try {
            return Long.parseLong(args[place]);
        } catch (ArrayIndexOutOfBoundsException | NumberFormatException wrong) {
            throw new IllegalArgumentException(args[place - 1] + " needs a number");
        }
    }

    /** Machines that stand still as a whole are beyond any software on them: counted, not judged. */
    private static int count(Options options) {
        java.util.TreeMap<String, Integer> broken = new java.util.TreeMap<>();
        Runs runs = new Runs(options.jobs, seed -> simulation(options, seed).run());
        long next = options.first;
        long end = options.first + options.seeds;
        while (next < end) {
            Optional<Simulation.Result> failed = runs.untilFirstFailure(next, end - next, result -> {});
            failed.flatMap(Simulation.Result::violation).ifPresent(v -> broken.merge(v.invariant(), 1, Integer::sum));
            next = failed.map(f -> f.seed() + 1).orElse(end);
        }
        System.out.println(options.seeds + " seeds with machines that stand still; broken: " + broken);
        return 0;
    }

    private static int run(Options options) {
        if (options.machineFreeze) {
            return count(options);
        }
        long began = System.nanoTime();
        Runs runs = new Runs(options.jobs, seed -> simulation(options, seed).run());
        long[] printed = {began};
        long[] sums = new long[6];
        Optional<Simulation.Result> failed = runs.untilFirstFailure(options.first, options.seeds, result -> {
            if (options.hashes) {
                System.out.println(result.seed() + " " + Long.toHexString(result.traceHash()));
            }
            if (options.trace && result.passed()) {
                result.trace().forEach(System.out::println);
            }
            sums[0]++;
            sums[1] += result.events();
            sums[2] += result.leaders();
            sums[3] += result.twins();
            sums[4] += result.handOvers();
            sums[5] += result.handedOver();
            long now = System.nanoTime();
            if (now - printed[0] > TimeUnit.SECONDS.toNanos(2) && !options.trace && !options.hashes) {
                printed[0] = now;
                System.err.printf("%d seeds, %.1f a second%n", sums[0], sums[0] * 1e9 / (now - began));
            }
        });
        double seconds = (System.nanoTime() - began) / 1e9;
        if (failed.isPresent()) {
            String replay = options.mutantName.isEmpty() ? "" : " --mutant " + options.mutantName;
            System.out.println(failed.get().report(options.trace ? Integer.MAX_VALUE : 60) + replay);
            return 1;
        }
        System.err.printf(
                "%d seeds of %d simulated minutes passed in %.1f s (%.1f a second); %d events, %d changes of leader,"
                        + " %d of %d hand-overs with another primary after them, %d nodes on a timeline number given twice%n",
                sums[0], options.minutes, seconds, sums[0] / seconds, sums[1], sums[2], sums[5], sums[4], sums[3]);
        return 0;
    }

    private static Simulation simulation(Options options, long seed) {
        return Simulation.of(seed)
                .nodes(options.nodes)
                .during(
                        options.machineFreeze ? java.util.EnumSet.allOf(Fault.class) : Fault.covered(),
                        Duration.ofMinutes(options.minutes))
                .converges(Duration.ofMinutes(3))
                .with(options.mutant)
                .keepingTheTrace(options.trace);
    }
}
