using System.Collections.Concurrent;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles;

/// <summary>The digests that were computed last, one a file, each with the version of the content that it is of.</summary>
/// <param name="capacity">The oldest go when there are more.</param>
internal sealed class DigestCache<TFile, TVersion>(int capacity) where TFile : notnull where TVersion : struct, IEquatable<TVersion>
{
    private readonly ConcurrentDictionary<TFile, (TVersion Version, ContentDigest Digest)> _known = new();
    private readonly Lock _lock = new();

    /// <summary>Guarded by <see cref="_lock"/>. A file that was forgotten and came again is in it twice, and goes the earlier.</summary>
    private readonly Queue<TFile> _byAge = new();

    public bool IsEmpty => _known.IsEmpty;

    public int Count => _known.Count;

    public ContentDigest? Find(TFile file, TVersion version) =>
        _known.TryGetValue(file, out var known) && known.Version.Equals(version) ? known.Digest : null;

    /// <summary>What is known of a file, be it of an earlier version.</summary>
    public (TVersion Version, ContentDigest Digest)? FindAny(TFile file) => _known.TryGetValue(file, out var known) ? known : null;

    public void Keep(TFile file, TVersion version, ContentDigest digest)
    {
        lock (_lock)
        {
            var isNew = !_known.ContainsKey(file);
            _known[file] = (version, digest);
            if (!isNew) return;
            _byAge.Enqueue(file);
            while (_byAge.Count > capacity) _known.TryRemove(_byAge.Dequeue(), out _);
        }
    }
}
