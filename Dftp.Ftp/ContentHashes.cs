using Dftp.FileSystem;

namespace Dftp.Ftp;

/// <summary>What part of which content was hashed. Size and time stand for the content: the tree knows of no better identity.</summary>
internal readonly record struct HashedPart(VirtualPath Path, NodeName Owner, long Size, UnixTime Modified, long Start, long End);

/// <summary>The hashes that were computed last, so that a client which verifies a tree again does not have it read again.</summary>
internal sealed class ContentHashes
{
    /// <summary>Some 300 bytes each.</summary>
    private const int MaxCount = 4096;

    private readonly Lock _lock = new();

    /// <summary>Guarded by <see cref="_lock"/>, as is <see cref="_byAge"/>.</summary>
    private readonly Dictionary<HashedPart, string> _hashes = [];
    private readonly Queue<HashedPart> _byAge = new();

    public string? Find(in HashedPart part)
    {
        lock (_lock) return _hashes.GetValueOrDefault(part);
    }

    public void Keep(in HashedPart part, string hash)
    {
        lock (_lock)
        {
            if (!_hashes.TryAdd(part, hash)) return;
            _byAge.Enqueue(part);
            if (_byAge.Count > MaxCount) _hashes.Remove(_byAge.Dequeue());
        }
    }
}
