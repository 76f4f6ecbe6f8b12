package org.pgregent.dcs.zookeeper;

import java.util.ArrayList;
import java.util.List;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.api.transaction.CuratorOp;
import org.apache.curator.framework.api.transaction.TransactionOp;
import org.apache.zookeeper.CreateMode;

/** The operations of one transaction, in order. Nothing is sent here, though Curator's builders declare any exception. */
final class Plan {

    private interface Step {
        CuratorOp build() throws Exception;
    }

    private final TransactionOp op;
    private final List<CuratorOp> operations = new ArrayList<>();

    Plan(CuratorFramework curator) {
        this.op = curator.transactionOp();
    }

    Plan check(String path, int version) {
        return add(() -> op.check().withVersion(version).forPath(path));
    }

    Plan set(String path, int version, byte[] value) {
        return add(() -> op.setData().withVersion(version).forPath(path, value));
    }

    Plan create(String path, CreateMode mode) {
        return add(() -> op.create().withMode(mode).forPath(path, new byte[0]));
    }

    Plan delete(String path, int version) {
        return add(() -> op.delete().withVersion(version).forPath(path));
    }

    List<CuratorOp> operations() {
        return List.copyOf(operations);
    }

    private Plan add(Step step) {
        try {
            operations.add(step.build());
            return this;
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("Curator could not build an operation", e);
        }
    }
}
