package oracle;

import com.fasterxml.jackson.databind.JsonNode;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Oracle OUTDIR: runs scenarios. The standard input names their files, one a line; each is answered by one line, empty
 * when the result lies in OUTDIR under the file's name, else with what is wrong with the scenario. It ends with its
 * input, so one virtual machine serves as many scenarios as its user has.
 */
public final class Oracle {
    private Oracle() { }

    public static void main(final String[] args) throws IOException {
        final Path out = Path.of(args[0]);
        final BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String mistake = "";
            try {
                run(Path.of(line), out);
            } catch (final Exception | StackOverflowError e) {
                mistake = e.toString().lines().findFirst().orElse("?");
                if (!(e instanceof Obj.BadScenario)) {
                    e.printStackTrace();
                }
            }
            System.out.println(mistake);
            System.out.flush();
        }
    }

    private static void run(final Path file, final Path out) throws IOException {
        final JsonNode scenario = Render.JSON.readTree(Files.readString(file));
        final String name = file.getFileName().toString();
        if (!name.equals(scenario.path("name").asText() + ".json")) {
            throw new Obj.BadScenario("its name is not that of its file");
        }
        final String text = Render.layout(new Runner(new Obj(scenario, name)).run());
        Files.writeString(out.resolve(name), text);
    }
}
