using System.Text;
using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles.Watching;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>A directory that a scan entered, at one path. Guarded by the lock of its owner, <see cref="KnownDirectories"/>.</summary>
/// <remarks>There is one for each directory on the disk, so rarely used fields are in an object of their own.</remarks>
internal sealed class KnownDirectory(KnownDirectory? parent, byte[] name)
{
    /// <summary>Up to this number, a linear search is faster than a dictionary and takes a tenth of the memory.</summary>
    private const int FewChildren = 8;

    // Exactly one of these is set if there are children.
    private KnownDirectory[]? _few;
    private Dictionary<byte[], KnownDirectory>? _many;
    private Rarities? _rare;
    private ulong _device;
    private ulong _inode;

    public KnownDirectory? Parent => parent;

    public byte[] Name => name;

    public IReadOnlyCollection<KnownDirectory> Children => _few ?? (IReadOnlyCollection<KnownDirectory>?)_many?.Values ?? [];

    public bool WasEntered { get; set; }

    /// <summary>The identity of the directory at the time when it was entered.</summary>
    public DirectoryIdentity Identity
    {
        get => new(_device, _inode, _rare?.IdentityPath);
        set
        {
            (_device, _inode) = (value.Device, value.Inode);
            if (value.RealPath is not null || _rare is not null) Rare.IdentityPath = value.RealPath;
        }
    }

    /// <summary>The real path if the path contains a symlink; null otherwise.</summary>
    public byte[]? RealPathBehindLink
    {
        get => _rare?.RealPathBehindLink;
        set
        {
            if (value is not null || _rare is not null) Rare.RealPathBehindLink = value;
        }
    }

    /// <summary>The watch's number, assigned by the source; 0 for none.</summary>
    public int Watch { get; set; }

    /// <summary>The reason why it is polled; null while its changes are reported.</summary>
    public string? PolledBecause
    {
        get => _rare?.PolledBecause;
        set
        {
            if (value is not null || _rare is not null) Rare.PolledBecause = value;
        }
    }

    /// <summary>The real paths of the directories that determine where the symlinks in this one lead.</summary>
    public HashSet<byte[]>? Dependencies
    {
        get => _rare?.Dependencies;
        set
        {
            if (value is not null || _rare is not null) Rare.Dependencies = value;
        }
    }

    /// <summary>What its last scan did not put into the tree; null for nothing.</summary>
    public DirectoryReport? Report
    {
        get => _rare?.Report;
        set
        {
            if (value is not null || _rare is not null) Rare.Report = value;
        }
    }

    /// <summary>The real path beneath the root, in bytes of the operating system.</summary>
    public byte[] RealPath => RealPathBehindLink ?? Encoding.UTF8.GetBytes(Path.Relative.ToArray());

    /// <summary>The path in the tree, relative to the root directory.</summary>
    public VirtualPath Path
    {
        get
        {
            var names = new Stack<byte[]>();
            for (var at = this; at.Parent is not null; at = at.Parent) names.Push(at.Name);
            var text = new StringBuilder();
            foreach (var part in names) text.Append('/').Append(Encoding.UTF8.GetString(part));
            return VirtualPath.Parse(text.ToString());
        }
    }

    private Rarities Rare => _rare ??= new Rarities();

    public KnownDirectory? Child(ReadOnlySpan<byte> childName)
    {
        if (_many is not null) return _many.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(childName, out var found) ? found : null;
        foreach (var child in _few ?? [])
        {
            if (childName.SequenceEqual(child.Name)) return child;
        }

        return null;
    }

    /// <param name="childName">The name, which a new child keeps without copying.</param>
    public KnownDirectory GetOrAddChild(byte[] childName)
    {
        if (Child(childName) is { } known) return known;
        var added = new KnownDirectory(this, childName);
        if (_many is null && (_few?.Length ?? 0) < FewChildren)
        {
            _few = [.. _few ?? [], added];
            return added;
        }

        _many ??= _few!.ToDictionary(child => child.Name, NameBytes.Comparer);
        _few = null;
        _many.Add(childName, added);
        return added;
    }

    public void RemoveChild(KnownDirectory child)
    {
        if (_many is not null) _many.Remove(child.Name);
        else _few = Array.FindAll(_few!, other => other != child);
        if (Children.Count == 0) (_few, _many) = (null, null);
    }

    /// <summary>The fields that few directories need.</summary>
    private sealed class Rarities
    {
        public string? IdentityPath { get; set; }

        public byte[]? RealPathBehindLink { get; set; }

        public string? PolledBecause { get; set; }

        public HashSet<byte[]>? Dependencies { get; set; }

        public DirectoryReport? Report { get; set; }
    }
}
