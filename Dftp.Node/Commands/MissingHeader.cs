using System.Globalization;

namespace Dftp.Node.Commands;

/// <summary>
/// The header that lists the nodes whose files an answer may lack: <c>name;since=1477224426, …</c>, the names percent-encoded.
/// <c>;joining</c> marks a node that has not sent its entries yet, <c>;left</c> one that said goodbye, <c>;unconfirmed</c> one whose last
/// known files are shown, and <c>;path=/a%20b</c> limits that to one place. Without any of them the node is dead.
/// </summary>
internal static class MissingHeader
{
    public const string Name = "X-Dftp-Missing";

    public static string InWords(string value) => $"this is not all: {string.Join(", ", value.Split(',').Select(Node))}";

    private static string Node(string item)
    {
        var parts = item.Trim().Split(';');
        var name = Uri.UnescapeDataString(parts[0]);
        var given = parts.FirstOrDefault(part => part.StartsWith("since=", StringComparison.Ordinal))?["since=".Length..];
        var isUnconfirmed = parts.Contains("unconfirmed");
        if (parts.Contains("joining")) return $"{name} is joining";
        if (parts.FirstOrDefault(part => part.StartsWith("path=", StringComparison.Ordinal)) is { } place)
        {
            var path = Uri.UnescapeDataString(place["path=".Length..]);
            return long.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var failed)
                ? $"{name} cannot read {path} since {Measures.Time(failed)}"
                : $"{name} cannot read {path}";
        }

        var hasLeft = parts.Contains("left");
        return (long.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var since), isUnconfirmed) switch
        {
            (true, true) => $"{name} is shown as of {Measures.Time(since)} and not confirmed yet",
            (true, false) => hasLeft ? $"{name} left at {Measures.Time(since)}" : $"{name} is dead since {Measures.Time(since)}",
            (_, true) => $"{name} is not confirmed yet",
            _ => hasLeft ? $"{name} has left" : $"{name} is dead",
        };
    }
}
