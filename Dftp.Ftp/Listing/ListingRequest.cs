using Dftp.FileSystem;

namespace Dftp.Ftp.Listing;

/// <summary>What LIST, NLST and STAT were asked for: an entry that is there, or the entries of a directory that match a pattern.</summary>
/// <param name="Path">The file or directory; with a pattern the directory in which it is looked for.</param>
/// <param name="Entry">The entry at <paramref name="Path"/>.</param>
/// <param name="Text">The path as the client typed it, without the options and the pattern.</param>
/// <param name="Pattern">Which names of the directory; null for all.</param>
/// <param name="IsRecursive">Whether <c>-R</c> was among the options.</param>
/// <param name="IsEntryItself">A file, or a directory with <c>-d</c>: one line about the entry, not about what is in it.</param>
internal sealed record ListingRequest(
    VirtualPath Path, Entry Entry, string Text, Wildcard? Pattern, bool IsRecursive, bool IsEntryItself)
{
    /// <summary>
    /// Clients send what they would give to <c>ls</c>. In this order an argument is:
    /// 1. the name of something that is there, whatever the name looks like;
    /// 2. options, for as long as it starts with a dash, and then again a name;
    /// 3. a path whose last part is a pattern.
    /// </summary>
    /// <returns>Null where nothing is at the path.</returns>
    public static ListingRequest? Find(ITreeSnapshot tree, VirtualPath current, string argument)
    {
        var text = argument;
        var options = "";
        while (true)
        {
            if (current.TryResolve(text, out var path) && tree.TryFind(path, out var entry))
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
            && tree.TryFind(directory, out var holder) && holder.IsDirectory
            ? new ListingRequest(directory, holder, text[..name], new Wildcard(text[name..]), false, false)
            : null;
    }

    /// <summary>The entries of the directory that were asked for.</summary>
    public IEnumerable<Entry> Entries(ITreeSnapshot tree) =>
        Pattern is null ? tree.List(Path) : tree.List(Path).Where(entry => Pattern.Matches(entry.NameUtf8.Span));
}
