using System.Text.Json;

namespace Dftp.Node.CommandLine;

/// <summary>
/// The file of <c>--config</c>: one JSON object with the options' names as members. Values are strings; numbers and booleans count
/// as their text; a repeatable option may have an array. Comments and trailing commas are allowed.
/// </summary>
internal static class ConfigFile
{
    private const int MaxBytes = 1 << 20;

    private static readonly JsonDocumentOptions Lenient = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        AllowDuplicateProperties = false,
        MaxDepth = 4,
    };

    /// <exception cref="UsageException">
    /// The file cannot be read, is not such an object, or has a member that is not an option. The message names the file and the member.
    /// </exception>
    public static void AddTo(OptionValues values, string path, ValueSource pathSource, IReadOnlyList<OptionDefinition> options)
    {
        var source = ValueSource.From(path);
        using var document = Read(path, pathSource);
        if (document.RootElement.ValueKind != JsonValueKind.Object) throw NotReadable(path, pathSource, "holds no JSON object");
        foreach (var member in document.RootElement.EnumerateObject())
        {
            var option = options.FirstOrDefault(option => option.Name == member.Name && option.IsAllowedInFile)
                ?? throw NotReadable(
                    path, pathSource,
                    $"unknown member \"{member.Name}\"{NearestName.Suggest(member.Name, options.Select(option => option.Name), "")}");
            values.AddUnlessGiven(option, source, Texts(option, source, member.Value));
        }
    }

    private static JsonDocument Read(string path, ValueSource pathSource)
    {
        try
        {
            using var file = File.OpenRead(path);
            var bytes = new byte[MaxBytes + 1];
            var count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (count > MaxBytes) throw NotReadable(path, pathSource, $"is larger than {MaxBytes} bytes");
            var start = bytes.AsSpan(0, count).StartsWith("\uFEFF"u8) ? "\uFEFF"u8.Length : 0;
            return JsonDocument.Parse(bytes.AsMemory(start, count - start), Lenient);
        }
        catch (JsonException problem)
        {
            throw NotReadable(path, pathSource, $"is no JSON: {problem.Message}");
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            throw NotReadable(path, pathSource, "no such file");
        }
        catch (UnauthorizedAccessException)
        {
            throw NotReadable(path, pathSource, Directory.Exists(path) ? "is a directory" : "permission denied");
        }
        catch (Exception problem) when (problem is IOException or ArgumentException or NotSupportedException)
        {
            throw NotReadable(path, pathSource, problem.Message);
        }
    }

    private static IReadOnlyList<string> Texts(OptionDefinition option, ValueSource source, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array when option.IsRepeatable => [.. value.EnumerateArray().Select(item => Text(option, source, item))],
        _ => [Text(option, source, value)],
    };

    private static string Text(OptionDefinition option, ValueSource source, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        _ => throw new UsageException(
            $"{option.Flag}{source.Label}: must be a JSON string{(option.IsRepeatable ? " or an array of them" : "")}"),
    };

    private static UsageException NotReadable(string path, ValueSource pathSource, string problem) =>
        new($"--config{pathSource.Label}: {path}: {problem}");
}
