package desk.local;

import de.bwaldvogel.mongo.MongoBackend;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Serves MongoDB's wire protocol: {@code MongoMain memory|h2 PORT [FOLDER]}. */
public final class MongoMain {
    /** More than cores: a thread waits while its write command is committed. */
    private static final int WORKERS = 16;

    private MongoMain() {}

    /** What the server says it is: today's drivers refuse anything below wire version 8. */
    private static final class Version44 implements MongoVersion {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(4, 4, 0, 0);
        }

        @Override
        public int getWireVersion() {
            return 9;
        }
    }

    public static void main(String[] arguments) throws Exception {
        MongoBackend backend = backend(arguments);
        backend.version(new Version44());
        MongoServer server = new MongoServer(backend);
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
        server.bind(
                new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[1])), 1, WORKERS);
    }

    private static MongoBackend backend(String[] arguments) throws Exception {
        return switch (arguments[0]) {
            case "memory" -> new WholeMemoryBackend();
            case "h2" -> {
                Path folder = Path.of(arguments[2]);
                Files.createDirectories(folder);
                yield new CommittingBackend(folder.resolve("store.mv"));
            }
            default -> throw new IllegalArgumentException("backend is memory or h2");
        };
    }
}
