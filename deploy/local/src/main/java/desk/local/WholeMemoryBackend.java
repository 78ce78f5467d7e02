package desk.local;

import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.Document;
import io.netty.channel.Channel;

/** A store in memory whose readers see whole documents only. */
final class WholeMemoryBackend extends MemoryBackend {
    private final WholeDocuments whole = new WholeDocuments();

    @Override
    public Document handleCommand(
            Channel channel, String database, String command, Document query) {
        return whole.answer(
                database,
                command,
                query,
                () -> super.handleCommand(channel, database, command, query));
    }
}
