using Dftp.Cluster.Index;

namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>
/// The entries that are left out of the tree, summed over directories: counts, with a few example paths of each kind. Immutable.
/// </summary>
internal sealed class SkippedEntries
{
    /// <summary>Enough to find the cause, and few enough to show all on a page.</summary>
    public const int MaxExamples = 3;

    private readonly long[] _counts = new long[Enum.GetValues<SkipReason>().Length];
    private readonly List<string>[] _examples = [.. Enum.GetValues<SkipReason>().Select(_ => new List<string>())];

    /// <param name="reports">The reports of directories, each with the directory's path without a leading slash.</param>
    public SkippedEntries(IEnumerable<(byte[] Directory, DirectoryReport Report)> reports)
    {
        foreach (var (directory, report) in reports)
        {
            foreach (var (reason, count, names) in report.LeftOut)
            {
                _counts[(int)reason] += count;
                var examples = _examples[(int)reason];
                examples.AddRange(names.Take(MaxExamples - examples.Count).Select(name => PrintablePath.Of(directory, name)));
            }
        }
    }

    public long Total => _counts.Sum();

    public long Count(SkipReason reason) => _counts[(int)reason];

    /// <summary>At most <see cref="MaxExamples"/> paths, in printable characters.</summary>
    public IReadOnlyList<string> Examples(SkipReason reason) => _examples[(int)reason];

    /// <summary>Whether for any reason more entries are left out than before.</summary>
    public bool HasMoreThan(SkippedEntries? before) =>
        Enum.GetValues<SkipReason>().Any(reason => Count(reason) > (before?.Count(reason) ?? 0));

    /// <summary>All reasons in one line, the most frequent first.</summary>
    public string Describe() =>
        string.Join(", ", ByReason().Select(skipped => $"{skipped.Count} {skipped.Reason} (such as {skipped.Examples[0]})"));

    /// <summary>All reasons, the most frequent first.</summary>
    public IReadOnlyList<SkippedPlaces> ByReason() =>
    [
        .. Enum.GetValues<SkipReason>()
            .Where(reason => Count(reason) > 0)
            .OrderByDescending(Count)
            .Select(reason => new SkippedPlaces(reason.InWords(), Count(reason), Examples(reason))),
    ];
}
