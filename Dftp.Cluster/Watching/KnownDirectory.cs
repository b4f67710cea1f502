using System.Text;
using Dftp.Cluster.Content;
using Dftp.Cluster.Tree;
using Dftp.FileSystem;

namespace Dftp.Cluster.Watching;

/// <summary>A directory that a scan entered, at one path. Its owner, <see cref="KnownDirectories"/>, locks; the watch's number is the source's.</summary>
internal sealed class KnownDirectory(KnownDirectory? parent, byte[] name)
{
    // Most directories have none: then there is no dictionary.
    private Dictionary<byte[], KnownDirectory>? _children;

    public KnownDirectory? Parent => parent;

    public byte[] Name => name;

    public IReadOnlyCollection<KnownDirectory> Children => _children is null ? [] : _children.Values;

    public bool WasEntered { get; set; }

    /// <summary>Which directory stood there when it was entered.</summary>
    public DirectoryIdentity Identity { get; set; }

    /// <summary>Where it really lies, when a symlink is on its path; null otherwise.</summary>
    public byte[]? RealPathBehindLink { get; set; }

    /// <summary>The source's number of the watch; 0 for none.</summary>
    public int Watch { get; set; }

    /// <summary>Why it is read again and again; null while its changes are told.</summary>
    public string? PolledBecause { get; set; }

    /// <summary>The real paths of the directories that decide where the symlinks in this one lead.</summary>
    public HashSet<byte[]>? Dependencies { get; set; }

    /// <summary>Where it really lies beneath the root, in bytes of the operating system.</summary>
    public byte[] RealPath => RealPathBehindLink ?? Encoding.UTF8.GetBytes(Path.Relative.ToArray());

    /// <summary>Relative to the root directory, as the tree has it.</summary>
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

    public KnownDirectory? Child(ReadOnlySpan<byte> childName) =>
        _children is not null && _children.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(childName, out var child) ? child : null;

    public KnownDirectory GetOrAddChild(byte[] childName)
    {
        if (Child(childName) is { } known) return known;
        var added = new KnownDirectory(this, childName);
        (_children ??= new(NameBytes.Comparer)).Add(childName, added);
        return added;
    }

    public void RemoveChild(KnownDirectory child)
    {
        _children!.Remove(child.Name);
        if (_children.Count == 0) _children = null;
    }
}
