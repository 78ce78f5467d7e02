package desk.local;

import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import io.netty.channel.Channel;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.h2.mvstore.MVStore;

/**
 * An H2 store that is committed to its file before a write command is answered, so that a killed
 * server keeps whatever it acknowledged. Write commands share a lock and a commit excludes them: the
 * file never holds half a command, and commands that wait at the same time share one commit.
 */
final class CommittingBackend extends H2Backend {
    private static final long TIDY_EVERY_MILLIS = 1_000;
    private static final int TARGET_FILL_PERCENT = 50;
    private static final int TIDY_BYTES = 8 << 20;
    /** Long enough for a slow scan over old pages; a killed process needs none of it. */
    private static final int KEEP_OLD_CHUNKS_MILLIS = 5_000;

    private final WholeDocuments documents = new WholeDocuments();
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private final AtomicLong written = new AtomicLong();
    private long committed;

    CommittingBackend(Path file) {
        super(open(file));
        Thread tidier = new Thread(this::tidyForever, "tidier");
        tidier.setDaemon(true);
        tidier.start();
    }

    private static MVStore open(Path file) {
        MVStore store =
                new MVStore.Builder()
                        .fileName(file.toString())
                        .autoCommitDisabled()
                        .autoCommitBufferSize(0)
                        .open();
        store.setRetentionTime(KEEP_OLD_CHUNKS_MILLIS);
        return store;
    }

    @Override
    public Document handleCommand(
            Channel channel, String database, String command, Document query) {
        if (WholeDocuments.isRead(command)) {
            return whole(channel, database, command, query);
        }
        try {
            return write(channel, database, command, query);
        } finally {
            commitUpTo(written.incrementAndGet());
        }
    }

    private Document write(Channel channel, String database, String command, Document query) {
        lock.readLock().lock();
        try {
            return whole(channel, database, command, query);
        } finally {
            lock.readLock().unlock();
        }
    }

    private Document whole(Channel channel, String database, String command, Document query) {
        return documents.answer(
                database,
                command,
                query,
                () -> super.handleCommand(channel, database, command, query));
    }

    private void commitUpTo(long ticket) {
        lock.writeLock().lock();
        try {
            if (committed < ticket) {
                long upTo = written.get();
                commit();
                committed = upTo;
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    private void tidyForever() {
        try {
            while (!getMvStore().isClosed()) {
                Thread.sleep(TIDY_EVERY_MILLIS);
                tidy();
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    private void tidy() {
        lock.writeLock().lock();
        try {
            if (!getMvStore().isClosed()
                    && getMvStore().compact(TARGET_FILL_PERCENT, TIDY_BYTES)) {
                commit();
            }
        } finally {
            lock.writeLock().unlock();
        }
    }
}
