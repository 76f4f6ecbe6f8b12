package org.pgregent.dcs.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TouchesTest {

    private static final Duration TICK = Duration.ofMillis(1000);

    private final Touches touches = new Touches(TICK);

    private static long ms(long millis) {
        return Duration.ofMillis(millis).toNanos();
    }

    @Test
    void provesNothingAtFirst() {
        assertThat(touches.untilProofNanos(ms(0))).isPositive();
    }

    @Test
    void provesOnceTheFirstTouchMustHaveBeenPassedOn() {
        touches.answered(ms(0), ms(10));
        touches.answered(ms(500), ms(510));
        touches.answered(ms(1000), ms(1010));
        touches.answered(ms(1500), ms(1501));
        assertThat(touches.untilProofNanos(ms(1509))).isEqualTo(ms(1));
        assertThat(touches.untilProofNanos(ms(1510))).isZero();
    }

    @Test
    void aGapBreaksTheChain() {
        touches.answered(ms(0), ms(10));
        touches.answered(ms(900), ms(910));
        touches.answered(ms(2000), ms(2010));
        assertThat(touches.untilProofNanos(ms(2100))).isEqualTo(ms(1410));
    }

    @Test
    void aSlowAnswerBreaksTheChainToo() {
        touches.answered(ms(0), ms(10));
        touches.answered(ms(900), ms(1001));
        assertThat(touches.untilProofNanos(ms(1600))).isPositive();
    }

    @Test
    void aPauseOfThisProcessBreaksTheChain() {
        touches.answered(ms(0), ms(10));
        touches.answered(ms(800), ms(810));
        touches.answered(ms(1600), ms(1610));
        assertThat(touches.untilProofNanos(ms(1700))).isNotPositive();
        assertThat(touches.untilProofNanos(ms(20_000))).isPositive();
    }

    @Test
    void anotherConnectionBeginsAnew() {
        touches.answered(ms(0), ms(10));
        touches.answered(ms(900), ms(910));
        touches.answered(ms(1600), ms(1610));
        touches.breakOff();
        assertThat(touches.untilProofNanos(ms(1700))).isPositive();
    }

    /**
     * Against a dumb twin of the servers: touches that reach the counting server up to a tick and a half after they happened,
     * with anything at all before. Whenever a proof is claimed, what that server knows is no older than the slack.
     */
    @Test
    void whatIsProvenHoldsWhereTheTimeIsCounted() {
        Random random = new Random(7);
        int proofs = 0;
        for (int story = 0; story < 200; story++) {
            Touches tried = new Touches(TICK);
            ArrayDeque<long[]> onTheirWay = new ArrayDeque<>();
            long known = Long.MIN_VALUE;
            long now = ms(1);
            for (int step = 0; step < 300; step++) {
                now += ms(random.nextInt(random.nextInt(20) == 0 ? 3000 : 400));
                long sent = now;
                now += ms(random.nextInt(random.nextInt(20) == 0 ? 1500 : 50));
                long touched = sent + (long) (random.nextDouble() * (now - sent));
                onTheirWay.add(new long[] {touched, touched + (long) (random.nextDouble() * ms(1500))});
                tried.answered(sent, now);
                now += ms(random.nextInt(300));
                long asked = now;
                if (tried.untilProofNanos(asked) <= 0) {
                    proofs++;
                    for (long[] touch : onTheirWay) {
                        if (touch[1] <= asked) {
                            known = Math.max(known, touch[0]);
                        }
                    }
                    assertThat(asked - known)
                            .isLessThanOrEqualTo(Touches.slack(TICK).toNanos());
                }
            }
        }
        assertThat(proofs).isGreaterThan(1000);
    }
}
