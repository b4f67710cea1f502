using Dftp.FileSystem;

namespace Dftp.Ftp.Listing;

/// <summary>The parsed argument of LIST, NLST or STAT: an existing entry, or the entries of a directory that match a pattern.</summary>
/// <param name="Path">The file or directory; with a pattern, the directory that is searched.</param>
/// <param name="Entry">The entry at <paramref name="Path"/>.</param>
/// <param name="Text">The path as the client sent it, without options and pattern.</param>
/// <param name="Pattern">Selects names of the directory; null for all.</param>
/// <param name="IsRecursive">Whether the options include <c>-R</c>.</param>
/// <param name="IsEntryItself">A file, or a directory with <c>-d</c>: the listing is one line for the entry itself.</param>
internal sealed record ListingRequest(
    VirtualPath Path, Entry Entry, string Text, Wildcard? Pattern, bool IsRecursive, bool IsEntryItself)
{
    /// <summary>
    /// Parses an argument like those of <c>ls</c>. The first match wins:
    /// 1. the path of an existing entry, even if it looks like an option or a pattern;
    /// 2. options, while the argument starts with a dash, followed by a path;
    /// 3. a path whose last part is a pattern.
    /// </summary>
    /// <returns>Null when the path does not exist.</returns>
    public static async ValueTask<ListingRequest?> FindAsync(ITreeSnapshot tree, VirtualPath current, string argument)
    {
        var text = argument;
        var options = "";
        while (true)
        {
            if (current.TryResolve(text, out var path) && await tree.FindAsync(path) is { } entry)
            {
                var isItself = !entry.IsDirectory || options.Contains('d', StringComparison.Ordinal);
                return new ListingRequest(path, entry, text, null, options.Contains('R', StringComparison.Ordinal), isItself);
            }

            if (!text.StartsWith('-')) break;
            var end = text.IndexOf(' ', StringComparison.Ordinal);
            options += end < 0 ? text : text[..end];
            text = end < 0 ? "" : text[end..].TrimStart(' ');
        }

        var name = text.LastIndexOf('/') + 1;
        return Wildcard.IsIn(text.AsSpan(name)) && current.TryResolve(text.AsSpan(0, name), out var directory)
            && await tree.FindAsync(directory) is { IsDirectory: true } holder
            ? new ListingRequest(directory, holder, text[..name], new Wildcard(text[name..]), false, false)
            : null;
    }

    /// <summary>The requested entries of the directory.</summary>
    public IAsyncEnumerable<ReadOnlyMemory<Entry>> EntriesAsync(ITreeSnapshot tree) =>
        Pattern is null ? tree.ListAsync(Path) : MatchesAsync(tree.ListAsync(Path), Pattern);

    private static async IAsyncEnumerable<ReadOnlyMemory<Entry>> MatchesAsync(
        IAsyncEnumerable<ReadOnlyMemory<Entry>> entries, Wildcard pattern)
    {
        var matches = new List<Entry>();
        await foreach (var page in entries)
        {
            foreach (ref readonly var entry in page.Span)
            {
                if (pattern.Matches(entry.NameUtf8.Span)) matches.Add(entry);
            }

            yield return matches.ToArray();
            matches.Clear();
        }
    }
}
