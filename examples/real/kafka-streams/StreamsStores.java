import java.io.File;
import java.time.Duration;
import java.time.Instant;
import java.util.*;
import java.util.function.Function;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.*;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.processor.*;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.*;

/**
 * State stores of Kafka Streams, without a broker: each of the kinds that it keeps in RocksDB.
 *
 *     java -cp JARS StreamsStores.java make DIRECTORY    writes stores below DIRECTORY/rocksdb
 *     java -cp JARS StreamsStores.java ask DIRECTORY     prints all that they hold
 */
public class StreamsStores {
  static final int KEYS = 300;
  static final long START = 1_700_000_000_000L;
  static final Duration RETENTION = Duration.ofHours(4);
  static final Duration WINDOW = Duration.ofMinutes(10);

  public static void main(String[] arguments) {
    boolean make = arguments[0].equals("make");
    var properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "kgdump-example");
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
    var context = new MockProcessorContext<Object, Object>(properties, new TaskId(0, 0), new File(arguments[1]));
    StateStoreContext stores = context.getStateStoreContext();

    KeyValueStore<String, Long> plain = open(stores, Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("plain"), Serdes.String(), Serdes.Long()));
    TimestampedKeyValueStore<String, Long> timed =
        open(stores, Stores.timestampedKeyValueStoreBuilder(Stores.persistentTimestampedKeyValueStore("timestamped"), Serdes.String(), Serdes.Long()));
    WindowStore<String, Long> windows =
        open(stores, Stores.windowStoreBuilder(Stores.persistentWindowStore("window", RETENTION, WINDOW, false), Serdes.String(), Serdes.Long()));
    SessionStore<String, Long> sessions =
        open(stores, Stores.sessionStoreBuilder(Stores.persistentSessionStore("session", RETENTION), Serdes.String(), Serdes.Long()));
    VersionedKeyValueStore<String, Long> versions =
        open(stores, Stores.versionedKeyValueStoreBuilder(Stores.persistentVersionedKeyValueStore("versioned", RETENTION), Serdes.String(), Serdes.Long()));

    if (make) {
      var random = new Random(5);
      for (int turn = 0; turn < 3000; turn++) {
        String key = "key-" + random.nextInt(KEYS);
        long value = random.nextLong();
        // A quarter is taken away again.
        Long kept = random.nextInt(4) == 0 ? null : value;
        long at = START + turn * 4_000L;
        plain.put(key, kept);
        timed.put(key, kept == null ? null : ValueAndTimestamp.make(value, at));
        windows.put(key, kept, at - at % WINDOW.toMillis());
        sessions.put(new Windowed<>(key, new SessionWindow(at, at + 30_000)), kept);
        versions.put(key, kept, at);
      }
    } else {
      print("plain", plain.all(), key -> key);
      print("timestamped", timed.all(), key -> key);
      print("window", windows.all(), key -> key.key() + "@" + key.window().start());
      for (int number = 0; number < KEYS; number++) {
        String key = "key-" + number;
        print("session", sessions.fetch(key), found -> found.key() + "@" + found.window().start() + "-" + found.window().end());
        System.out.println("versioned " + key + " " + versions.get(key) + " " + versions.get(key, START + 6_000_000L));
      }
    }
    for (StateStore store : List.of(plain, timed, windows, sessions, versions)) {
      store.flush();
      store.close();
    }
  }

  static <S extends StateStore> S open(StateStoreContext context, StoreBuilder<S> builder) {
    S store = builder.withLoggingDisabled().withCachingDisabled().build();
    store.init(context, store);
    return store;
  }

  static <K, V> void print(String kind, KeyValueIterator<K, V> entries, Function<K, String> name) {
    try (entries) {
      entries.forEachRemaining(entry -> System.out.println(kind + " " + name.apply(entry.key) + " " + entry.value));
    }
  }
}
