package oracle;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.Map;

/** Bytes as JSON and the layout of a result file: one record, row or line on a line of its own. */
final class Render {
    static final ObjectMapper JSON = new ObjectMapper();

    private Render() { }

    static ObjectNode object() {
        return JSON.createObjectNode();
    }

    static ArrayNode array() {
        return JSON.createArrayNode();
    }

    /** Text when the bytes are UTF-8 without control characters, else {"hex": "..."}; null stays null. */
    static JsonNode bytes(final byte[] b) {
        if (b == null) {
            return JSON.nullNode();
        }
        try {
            final String s = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(b)).toString();
            if (s.chars().noneMatch(c -> c < 0x20 || c == 0x7f)) {
                return JSON.getNodeFactory().textNode(s);
            }
        } catch (final CharacterCodingException e) {
            // not text
        }
        return object().put("hex", HexFormat.of().formatHex(b));
    }

    /** The reverse of {@link #bytes(byte[])}. */
    static byte[] parse(final JsonNode n) {
        if (n == null || n.isNull()) {
            return null;
        }
        if (n.isObject()) {
            return HexFormat.of().parseHex(n.get("hex").asText());
        }
        return n.asText().getBytes(StandardCharsets.UTF_8);
    }

    private static final String ERRORS = "__streams.errors.";

    static ArrayNode headers(final Headers headers) {
        final ArrayNode out = array();
        for (final Header h : headers) {
            final ArrayNode pair = out.addArray().add(h.key());
            // exception class, message and stack trace are Java's own
            if (h.key().equals(ERRORS + "exception") || h.key().equals(ERRORS + "message")
                || h.key().equals(ERRORS + "stacktrace")) {
                pair.add("*");
            } else {
                pair.add(bytes(h.value()));
            }
        }
        return out;
    }

    /** A result as text: its top keys, and the entries of its lists and of its maps of lists, a line each. */
    static String layout(final ObjectNode result) {
        final StringBuilder out = new StringBuilder("{");
        fields(out, result, 1);
        return out.append("\n}\n").toString();
    }

    private static void fields(final StringBuilder out, final ObjectNode node, final int depth) {
        final Iterator<Map.Entry<String, JsonNode>> it = node.properties().iterator();
        String sep = "\n";
        while (it.hasNext()) {
            final Map.Entry<String, JsonNode> e = it.next();
            out.append(sep).append("  ".repeat(depth)).append(compact(JSON.getNodeFactory().textNode(e.getKey())))
                .append(": ");
            value(out, e.getValue(), depth);
            sep = ",\n";
        }
    }

    private static void value(final StringBuilder out, final JsonNode v, final int depth) {
        final String pad = "\n" + "  ".repeat(depth);
        if (v.isArray() && v.size() > 0) {
            out.append("[");
            String sep = "";
            for (final JsonNode x : v) {
                out.append(sep).append(pad).append("  ").append(compact(x));
                sep = ",";
            }
            out.append(pad).append("]");
        } else if (v.isObject() && v.size() > 0 && depth == 1) {
            out.append("{");
            fields(out, (ObjectNode) v, depth + 1);
            out.append(pad).append("}");
        } else {
            out.append(compact(v));
        }
    }

    private static String compact(final JsonNode n) {
        try {
            return JSON.writeValueAsString(n);
        } catch (final JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
