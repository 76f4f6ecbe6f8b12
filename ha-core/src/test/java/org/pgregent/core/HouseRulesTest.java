package org.pgregent.core;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The layers of ARCHITECTURE.md. What is pure stays pure, and nobody reaches past his neighbour. */
class HouseRulesTest {

    private static final String CORE = "org.pgregent.core.";
    private static final String[] PURE = {CORE + "model..", CORE + "decide..", CORE + "rules..", CORE + "sync.."};

    private final JavaClasses classes = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("org.pgregent.core");

    @Test
    void thePurePartTouchesNoThreadFileNetworkLogOrStore() {
        noClasses()
                .that()
                .resideInAnyPackage(PURE)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "java.io..",
                        "java.nio.file..",
                        "java.nio.channels..",
                        "java.util.concurrent..",
                        "java.sql..",
                        "org.slf4j..",
                        "com.fasterxml..",
                        "org.pgregent.dcs..",
                        CORE + "agent..",
                        CORE + "cluster..",
                        CORE + "port..")
                .because("decisions are functions; see ARCHITECTURE.md")
                .check(classes);
        noClasses()
                .that()
                .resideInAnyPackage(PURE)
                .should()
                .dependOnClassesThat(DescribedPredicate.describe(
                        "are a thread, a network address or chance",
                        c -> c.getName().matches("java\\.lang\\.(Thread|Runtime|Process.*)|java\\.util\\.(Random|Timer.*|UUID)")
                                || c.getName().startsWith("java.net.") && !c.getName().equals("java.net.URI")))
                .check(classes);
    }

    @Test
    void thePurePartReadsNoClock() {
        noClasses()
                .that()
                .resideInAnyPackage(PURE)
                .should()
                .callMethodWhere(DescribedPredicate.<JavaMethodCall>describe(
                        "reads a clock or chance",
                        call -> call.getTargetOwner().getName().equals("java.lang.System")
                                        && !call.getName().equals("arraycopy")
                                || call.getName().equals("now")
                                        && call.getTargetOwner().getName().startsWith("java.time")
                                || call.getTargetOwner().getName().equals("java.lang.Math")
                                        && call.getName().equals("random")))
                .check(classes);
    }

    @Test
    void packagesDependDownwardsOnly() {
        down("model..", "decide..", "rules..", "cluster..", "agent..", "port..");
        down("decide..", "rules..", "cluster..", "agent..", "port..");
        down("port..", "decide..", "rules..", "cluster..", "agent..");
        down("cluster..", "agent..", "rules..");
    }

    private void down(String from, String... upper) {
        String[] packages = new String[upper.length];
        for (int i = 0; i < upper.length; i++) {
            packages[i] = CORE + upper[i];
        }
        noClasses()
                .that()
                .resideInAPackage(CORE + from)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(packages)
                .check(classes);
    }

    @Test
    void onlyFourClassesTalkToTheStore() {
        noClasses()
                .that()
                .resideInAPackage("org.pgregent.core..")
                .and(DescribedPredicate.describe(
                        "are not ClusterReader, MemberWriter, LeaseKeeper or Effects",
                        c -> !c.getName().matches(".*\\.(ClusterReader|MemberWriter|LeaseKeeper|Effects)(\\$.*)?")))
                .should()
                .callMethodWhere(DescribedPredicate.<JavaMethodCall>describe(
                        "asks or changes the store",
                        call -> call.getTargetOwner().getName().equals("org.pgregent.dcs.spi.Dcs")
                                && !call.getName().equals("watch")
                                && !call.getName().equals("close")))
                .check(classes);
    }
}
