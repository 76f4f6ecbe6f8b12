package org.pgregent.core;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.lang.conditions.ArchConditions.never;
import static com.tngtech.archunit.lang.conditions.ArchConditions.onlyDependOnClassesThat;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.conditions.ArchConditions;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The layers of this module, held against its class files. A new arrow between two packages is made here first. */
class HouseRulesTest {

    private static final JavaClasses MODULE = new ClassFileImporter().importPath("target/classes");

    private static final String MODEL = "org.pgregent.core.model..";
    private static final String DECIDE = "org.pgregent.core.decide..";
    private static final String RULES = "org.pgregent.core.rules..";
    private static final String SYNC = "org.pgregent.core.sync..";
    private static final String AGENT = "org.pgregent.core.agent..";
    private static final String CLUSTER = "org.pgregent.core.cluster..";
    private static final String PORT = "org.pgregent.core.port..";
    private static final String STORE = "org.pgregent.dcs.spi..";

    /** What a decision may be made of: values, and nothing that reads, waits, sends or asks the time. */
    private static final Set<String> VALUE_PACKAGES = Set.of(
            "java.lang",
            "java.lang.annotation",
            "java.lang.invoke",
            "java.lang.runtime",
            "java.math",
            "java.nio.charset",
            "java.text",
            "java.time",
            "java.time.format",
            "java.time.temporal",
            "java.util",
            "java.util.function",
            "java.util.regex",
            "java.util.stream",
            "org.jspecify.annotations");

    /** An address taken apart and put together, not called. */
    private static final Set<String> VALUES_ELSEWHERE = Set.of("java.net.URI", "java.net.URISyntaxException");

    private static final Set<String> NO_VALUES = Set.of(
            "java.lang.ClassLoader",
            "java.lang.InheritableThreadLocal",
            "java.lang.Process",
            "java.lang.ProcessBuilder",
            "java.lang.ProcessHandle",
            "java.lang.Runtime",
            "java.lang.Thread",
            "java.lang.ThreadGroup",
            "java.lang.ThreadLocal",
            "java.time.Clock",
            "java.time.InstantSource",
            "java.util.Calendar",
            "java.util.Date",
            "java.util.GregorianCalendar",
            "java.util.Random",
            "java.util.Scanner",
            "java.util.ServiceLoader",
            "java.util.SplittableRandom",
            "java.util.Timer",
            "java.util.TimerTask");

    private static final Set<String> HARMLESS_OF_SYSTEM = Set.of("arraycopy", "identityHashCode", "lineSeparator");

    private static final Set<String> WAITS = Set.of("wait", "notify", "notifyAll");

    @Test
    void decisionsAreMadeOfValues() {
        check(classes()
                .that(resideInAnyPackage(MODEL, DECIDE, RULES, SYNC))
                .should(onlyDependOnClassesThat(isAValue().or(resideInAnyPackage(MODEL, DECIDE, RULES, SYNC)))));
    }

    @Test
    void decisionsAskForNoTimeChanceOrWait() {
        check(classes()
                .that(resideInAnyPackage(MODEL, DECIDE, RULES, SYNC))
                .should(never(ArchConditions.accessTargetWhere(reachesForTheWorld()))));
    }

    @Test
    void theModelKnowsOnlyItself() {
        use(MODEL, MODEL);
    }

    @Test
    void theSynchronousSetIsPlannedFromTheModel() {
        use(SYNC, SYNC, MODEL);
    }

    @Test
    void theDeciderIsGivenItsRules() {
        use(DECIDE, DECIDE, SYNC, MODEL);
    }

    @Test
    void rulesKnowDecisionsAndTheModel() {
        use(RULES, RULES, DECIDE, SYNC, MODEL);
    }

    @Test
    void portsSpeakTheModelsLanguage() {
        use(PORT, PORT, MODEL);
    }

    @Test
    void theLayoutOfTheClusterKnowsNoAgentAndNoRule() {
        use(CLUSTER, CLUSTER, PORT, DECIDE, MODEL, STORE);
    }

    @Test
    void nobodyKnowsTheAgentAndItKnowsNoOtherModuleButTheStoresInterface() {
        use(AGENT, AGENT, CLUSTER, PORT, RULES, DECIDE, SYNC, MODEL, STORE);
    }

    @Test
    void everyClassHasItsPlaceInThePlan() {
        check(noClasses()
                .that(resideOutsideOfPackage(MODEL)
                        .and(resideOutsideOfPackage(DECIDE))
                        .and(resideOutsideOfPackage(RULES))
                        .and(resideOutsideOfPackage(SYNC))
                        .and(resideOutsideOfPackage(AGENT))
                        .and(resideOutsideOfPackage(CLUSTER))
                        .and(resideOutsideOfPackage(PORT)))
                .should(ArchConditions.be(DescribedPredicate.alwaysTrue())));
    }

    @Test
    void packagesFormNoCircle() {
        check(slices().matching("org.pgregent.core.(*)..").should().beFreeOfCycles());
    }

    @Test
    void fewTalkToTheStore() {
        check(noClasses()
                .that(describe("are none of ClusterReader, MemberWriter, LeaseKeeper, Effects", type -> !type.getName()
                        .matches("org\\.pgregent\\.core\\.(agent|cluster)\\."
                                + "(ClusterReader|MemberWriter|LeaseKeeper|Effects)(\\$.*)?")))
                .should(ArchConditions.accessTargetWhere(readsOrWritesTheStore())));
    }

    @Test
    void jsonIsReadAndWrittenInTheLayoutAlone() {
        check(noClasses()
                .that(resideOutsideOfPackage(CLUSTER))
                .should(ArchConditions.dependOnClassesThat(resideInAnyPackage("com.fasterxml.jackson.."))));
    }

    private static void use(String user, String... used) {
        check(classes()
                .that(resideInAnyPackage(user))
                .should(onlyDependOnClassesThat(
                        resideOutsideOfPackage("org.pgregent..").or(resideInAnyPackage(used)))));
    }

    /** A package that is not there yet breaks no rule. */
    private static void check(ArchRule rule) {
        rule.allowEmptyShould(true).check(MODULE);
    }

    private static DescribedPredicate<JavaClass> isAValue() {
        return describe("are values", type -> {
            JavaClass base = type.getBaseComponentType();
            return base.isPrimitive()
                    || VALUES_ELSEWHERE.contains(base.getName())
                    || (VALUE_PACKAGES.contains(base.getPackageName()) && !NO_VALUES.contains(outermost(base)));
        });
    }

    private static String outermost(JavaClass type) {
        int dollar = type.getName().indexOf('$');
        return dollar < 0 ? type.getName() : type.getName().substring(0, dollar);
    }

    private static DescribedPredicate<JavaAccess<?>> reachesForTheWorld() {
        return describe("the clock, chance, a thread or the process stand behind", access -> {
            AccessTarget target = access.getTarget();
            String owner = target.getOwner().getName();
            String name = target.getName();
            return (owner.equals("java.lang.System") && !HARMLESS_OF_SYSTEM.contains(name))
                    || (owner.startsWith("java.time.") && (name.equals("now") || name.equals("systemDefault")))
                    || (owner.equals("java.lang.Math") && name.equals("random"))
                    || (owner.equals("java.util.UUID") && name.equals("randomUUID"))
                    || (owner.equals("java.util.Collections") && name.equals("shuffle"))
                    || (owner.equals("java.lang.Object") && WAITS.contains(name))
                    || name.equals("parallelStream");
        });
    }

    private static DescribedPredicate<JavaAccess<?>> readsOrWritesTheStore() {
        Set<String> calls = Set.of("readAll", "put", "delete", "grant", "renew", "revoke");
        return describe(
                "the store is read or written",
                access -> access.getTargetOwner().getName().equals("org.pgregent.dcs.spi.Dcs")
                        && calls.contains(access.getTarget().getName()));
    }
}
