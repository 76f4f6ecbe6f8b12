package org.pgregent.dcs.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgregent.dcs.zookeeper.Doctor.Finding;

@Timeout(60)
class DoctorTest {

    private static final Finding NOBODY_THERE = new Finding(false, "nobody listens");

    /** As the heartbeat does, until the condition holds. */
    private static void beatUntil(Doctor doctor, BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            doctor.beat();
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    @Test
    void whatWasFoundIsShownUntilThereIsAConnection() throws Exception {
        Doctor doctor = new Doctor(() -> NOBODY_THERE);
        assertThat(doctor.finding()).isEmpty();
        beatUntil(doctor, () -> doctor.finding().isPresent());
        assertThat(doctor.finding()).contains(NOBODY_THERE);
        doctor.connected();
        assertThat(doctor.finding()).isEmpty();
    }

    @Test
    void anExaminationThatEndsAfterTheConnectionIsBackIsForgotten() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        Semaphore mayEnd = new Semaphore(0);
        Semaphore over = new Semaphore(0);
        Doctor doctor = new Doctor(() -> {
            begun.countDown();
            mayEnd.acquireUninterruptibly();
            over.release();
            return NOBODY_THERE;
        });
        beatUntil(doctor, () -> begun.getCount() == 0);
        doctor.connected();
        mayEnd.release();
        over.acquire();
        // The next one begins only when the first has noted what it found.
        beatUntil(doctor, () -> mayEnd.hasQueuedThreads());
        assertThat(doctor.finding()).isEmpty();
        mayEnd.release();
        beatUntil(doctor, () -> doctor.finding().isPresent());
    }
}
