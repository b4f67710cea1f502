using System.Collections.Concurrent;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles;

/// <summary>The most recently computed digests, one per file, each with the version of the content that it belongs to.</summary>
/// <param name="capacity">The number of files. The oldest entry is evicted first.</param>
internal sealed class DigestCache<TFile, TVersion>(int capacity) where TFile : notnull where TVersion : struct, IEquatable<TVersion>
{
    private readonly ConcurrentDictionary<TFile, (TVersion Version, ContentDigest Digest)> _known = new();
    private readonly Lock _lock = new();

    /// <summary>
    /// In order of insertion. Guarded by <see cref="_lock"/>. A file that was evicted and added again is in it twice and is evicted early.
    /// </summary>
    private readonly Queue<TFile> _byAge = new();

    public bool IsEmpty => _known.IsEmpty;

    public int Count => _known.Count;

    public ContentDigest? Find(TFile file, TVersion version) =>
        _known.TryGetValue(file, out var known) && known.Version.Equals(version) ? known.Digest : null;

    /// <summary>The last digest of a file, also if it belongs to an earlier version of the content.</summary>
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
