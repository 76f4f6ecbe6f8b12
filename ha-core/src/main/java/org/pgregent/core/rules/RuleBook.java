package org.pgregent.core.rules;

import static org.pgregent.core.decide.Rule.rule;

import java.util.List;
import org.pgregent.core.decide.Rule;

/**
 * The rules in the order in which they are asked; the first that applies decides. Safety comes first, then the renewal that is
 * due, so that nothing slow costs a healthy lease. What holds in pause is said by each rule and does not hang on its place.
 */
public final class RuleBook {

    public static final List<Rule> RULES = List.of(
            rule("a primary whose lease is over or about to end stops taking writes", Fencing::leaseEnding),
            rule("a primary that sees another leader stops at once", Fencing::anotherLeads),
            rule("in pause nobody becomes primary without the key", Fencing::becomingPrimaryInPause),
            rule("a folder of another cluster has no business here", Fencing::foreignSystemId),
            rule("a mode this version cannot honour: no leader", Fencing::unsupportedMode),
            rule("in pause, and where nothing is writable, the guard is disarmed", Fencing::guardToDisarm),
            rule("a leader without a guard starts one or steps back", Fencing::guardLost),
            rule("a guard started while the store is away is told the deadline", Fencing::guardUnarmed),
            rule("a guard stands by, and one that a former process left is taken over", Fencing::noGuard),
            rule("a leader key left by this node's former process is moved to its lease", Leasing::formerSelf),
            rule("a renewal is due: renew, arm the guard, publish", Leasing::renewalDue),
            rule("whoever is asked to end stops PostgreSQL, hands over and ends", Shutdown::requested),
            rule("a leader that hands over releases the key once a fit member has all", Handover::stopped),
            rule("a failed bootstrap is undone", Bootstrap::undo),
            rule("while a task runs, wait for it", Tasks::inProgress),
            rule("a data folder that cannot be used is left alone", Bootstrap::unusableDataDir),
            rule("a claim nobody works on is withdrawn", Bootstrap::idleClaim),
            rule("an empty folder: make the cluster, or clone", Bootstrap::emptyDataDir),
            rule(
                    "the winner of the race to initialise records the identifier and takes the lead",
                    Bootstrap::afterInitDb),
            rule("data without an initialize key: register it again", Bootstrap::registerAgain),
            rule("the store is away", Recovery::storeAway),
            rule("a hand-over that could not be ended is taken back", Handover::takenBack),
            rule("who handed over waits a moment for the next leader", Handover::handedOver),
            rule("in pause a stopped PostgreSQL stays stopped", Recovery::stoppedInPause),
            rule("the leader's PostgreSQL is down or starting", Recovery::leaderDown),
            rule("PostgreSQL is starting", Recovery::starting),
            rule("a stopped PostgreSQL comes back as a replica of the leader", Recovery::rejoin),
            rule("a stopped PostgreSQL comes back to take part in the race", Recovery::startForTheRace),
            rule("the leader's replica is promoted", Leading::promote),
            rule("the leader fills in what the store lacks", Leading::fillIn),
            rule("the leader is asked to hand over", Handover::requested),
            rule("nobody leads: a primary takes the key", Election::primaryWithoutLeader),
            rule("nobody leads: who may not race", Election::notAllowed),
            rule("nobody leads, and a person said who should", Candidacy::ordered),
            rule("nobody leads: the most advanced replica takes the key", Election::race),
            rule("a replica follows whom it should", Following::wrongUpstream),
            rule("a replica that does not stream finds out whether it diverged", Following::notStreaming),
            rule("the configuration is applied", Maintenance::configuration),
            rule("slots for the members are kept", Maintenance::slots),
            rule("a switchover is planned for later", Handover::awaiting),
            rule("nothing to do", Maintenance::nothing));

    private RuleBook() {}
}
