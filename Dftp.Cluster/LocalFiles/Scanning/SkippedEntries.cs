using Dftp.Cluster.Index;

namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>What a scan left out: counts, and a few paths of each kind to look at.</summary>
internal sealed class SkippedEntries
{
    /// <summary>Enough to find the cause; a page shows all of them.</summary>
    public const int MaxExamples = 3;

    private readonly Lock _lock = new();
    private readonly long[] _counts = new long[Enum.GetValues<SkipReason>().Length];
    private readonly List<string>[] _examples = [.. Enum.GetValues<SkipReason>().Select(_ => new List<string>())];

    public long Total
    {
        get
        {
            lock (_lock) return _counts.Sum();
        }
    }

    public long Count(SkipReason reason)
    {
        lock (_lock) return _counts[(int)reason];
    }

    /// <summary>At most <see cref="MaxExamples"/> paths, in printable characters.</summary>
    public IReadOnlyList<string> Examples(SkipReason reason)
    {
        lock (_lock) return [.. _examples[(int)reason]];
    }

    /// <summary>All of it in one line, the most frequent reason first.</summary>
    public string Describe()
    {
        lock (_lock)
        {
            return string.Join(", ", Enum.GetValues<SkipReason>()
                .Where(reason => _counts[(int)reason] > 0)
                .OrderByDescending(reason => _counts[(int)reason])
                .Select(reason => $"{_counts[(int)reason]} {reason.InWords()} (such as {_examples[(int)reason][0]})"));
        }
    }

    /// <summary>All of it, the most frequent reason first.</summary>
    public IReadOnlyList<SkippedPlaces> ByReason()
    {
        lock (_lock)
        {
            return
            [
                .. Enum.GetValues<SkipReason>()
                    .Where(reason => _counts[(int)reason] > 0)
                    .OrderByDescending(reason => _counts[(int)reason])
                    .Select(reason => new SkippedPlaces(reason.InWords(), _counts[(int)reason], [.. _examples[(int)reason]])),
            ];
        }
    }

    /// <param name="reason">Why.</param>
    /// <param name="directory">The path of the directory, without a leading slash.</param>
    /// <param name="name">The name in it; empty for the directory itself.</param>
    public void Add(SkipReason reason, ReadOnlySpan<byte> directory, ReadOnlySpan<byte> name)
    {
        lock (_lock)
        {
            _counts[(int)reason]++;
            var examples = _examples[(int)reason];
            if (examples.Count < MaxExamples) examples.Add(PrintablePath.Of(directory, name));
        }
    }
}
