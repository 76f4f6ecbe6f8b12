package org.pgregent.dcs.spi;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.conditions.ArchConditions.onlyDependOnClassesThat;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import org.junit.jupiter.api.Test;

/** Whoever writes a back end gets no library with the interface, and no module of the JDK but the base. */
class HouseRulesTest {

    @Test
    void theInterfaceStandsOnTheBaseOfTheJdk() {
        classes()
                .should(onlyDependOnClassesThat(resideInAnyPackage(
                        "", // primitives and arrays of them
                        "java.io",
                        "java.lang..",
                        "java.net",
                        "java.nio..",
                        "java.security..",
                        "java.time..",
                        "java.util..",
                        "javax.crypto..",
                        "javax.net..",
                        "org.jspecify.annotations",
                        "org.pgregent.dcs.spi..")))
                .check(new ClassFileImporter().importPath("target/classes"));
    }
}
