package desk.local;

import de.bwaldvogel.mongo.bson.Document;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * Lets readers see whole documents only. The server changes documents in place and sends the very
 * objects that it keeps: without this, one read in some thousands beside a writer was half old, half
 * new, or ended the connection. Per collection, a write excludes others; reads share, and are copied.
 */
final class WholeDocuments {
    private static final Set<String> READS =
            Set.of(
                    "aggregate", "buildinfo", "collstats", "connectionstatus", "count", "dbstats",
                    "distinct", "endsessions", "find", "getmore", "hello", "ismaster",
                    "killcursors", "listcollections", "listdatabases", "listindexes", "ping",
                    "serverstatus", "whatsmyuri");

    private final Map<String, ReadWriteLock> locks = new ConcurrentHashMap<>();

    static boolean isRead(String command) {
        return READS.contains(command.toLowerCase(Locale.ROOT));
    }

    Document answer(String database, String command, Document query, Supplier<Document> handle) {
        ReadWriteLock both =
                locks.computeIfAbsent(
                        database + "/" + collection(command, query),
                        name -> new ReentrantReadWriteLock());
        Lock lock = isRead(command) ? both.readLock() : both.writeLock();
        lock.lock();
        try {
            Document answer = handle.get();
            return answer == null ? null : answer.cloneDeeply();
        } finally {
            lock.unlock();
        }
    }

    /** The one the command is about; a cursor's next page names it in a field of its own. */
    private static Object collection(String command, Document query) {
        Object named = query.get(command.equalsIgnoreCase("getMore") ? "collection" : command);
        return named instanceof String ? named : "";
    }
}
