package desk.local;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import kafka.Kafka;
import kafka.tools.StorageTool;

/** Runs one Kafka node as broker and controller: {@code KafkaMain PROPERTIES}; formats a new folder first. */
public final class KafkaMain {
    /** Fixed, so that a folder formatted earlier is still this cluster's. */
    private static final String CLUSTER_ID = "ZGVzay1sb2NhbC1rYWZrYQ";

    private KafkaMain() {}

    public static void main(String[] arguments) throws Exception {
        String file = arguments[0];
        Properties properties = new Properties();
        try (var reader = Files.newBufferedReader(Path.of(file))) {
            properties.load(reader);
        }
        Path folder = Path.of(properties.getProperty("log.dirs"));
        if (!Files.exists(folder.resolve("meta.properties"))) {
            format(file);
        }
        Kafka.main(new String[] {file});
    }

    private static void format(String file) {
        int code =
                StorageTool.execute(
                        new String[] {
                            "format", "--ignore-formatted", "-t", CLUSTER_ID, "-c", file
                        },
                        System.out);
        if (code != 0) {
            System.err.println("Kafka could not format its data folder; the reason is above.");
            System.exit(code);
        }
    }
}
