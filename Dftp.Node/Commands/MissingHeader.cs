using System.Globalization;

namespace Dftp.Node.Commands;

/// <summary>Which nodes' files an answer may lack: <c>name;since=1477224426, …</c>, the names percent-encoded.</summary>
internal static class MissingHeader
{
    public const string Name = "X-Dftp-Missing";

    public static string InWords(string value) => $"this is not all: {string.Join(", ", value.Split(',').Select(Node))}";

    private static string Node(string item)
    {
        var parts = item.Trim().Split(";since=");
        var name = Uri.UnescapeDataString(parts[0]);
        return parts.Length == 2 && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var since)
            ? $"{name} is away since {Measures.Time(since)}"
            : $"{name} is away";
    }
}
