package org.pgregent.pg;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.lang.conditions.ArchConditions.onlyDependOnClassesThat;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import org.junit.jupiter.api.Test;

/** Of the whole core the adapter sees the ports it fills and the values that pass through them. */
class HouseRulesTest {

    @Test
    void theAdapterKnowsPortsAndTheModelOnly() {
        classes()
                .should(onlyDependOnClassesThat(resideOutsideOfPackage("org.pgregent..")
                        .or(resideInAnyPackage(
                                "org.pgregent.pg..", "org.pgregent.core.port..", "org.pgregent.core.model.."))))
                .allowEmptyShould(true)
                .check(new ClassFileImporter().importPath("target/classes"));
    }
}
