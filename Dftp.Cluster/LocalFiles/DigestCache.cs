using System.Collections.Concurrent;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles;

/// <summary>The digests that were computed last, one a file: that of an earlier content goes when the file is looked at again.</summary>
/// <param name="capacity">The oldest go when there are more.</param>
internal sealed class DigestCache<TFile>(int capacity) where TFile : notnull
{
    private readonly ConcurrentDictionary<TFile, (ContentVersion Version, ContentDigest Digest)> _known = new();
    private readonly Lock _lock = new();

    /// <summary>Guarded by <see cref="_lock"/>. A file that was forgotten and came again is in it twice, and goes the earlier.</summary>
    private readonly Queue<TFile> _byAge = new();

    public bool IsEmpty => _known.IsEmpty;

    public int Count => _known.Count;

    public ContentDigest? Find(TFile file, ContentVersion version)
    {
        if (!_known.TryGetValue(file, out var known)) return null;
        if (known.Version == version) return known.Digest;
        _known.TryRemove(new(file, known));
        return null;
    }

    public void Keep(TFile file, ContentVersion version, ContentDigest digest)
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
