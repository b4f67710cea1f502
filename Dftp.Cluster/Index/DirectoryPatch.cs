using System.Text;
using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>The changes of one node's entries in and below a directory: a whole new state, or single changes in their order.</summary>
internal sealed class DirectoryPatch
{
    private Dictionary<byte[], FileFacts?>? _files;
    private Dictionary<byte[], DirectoryPatch>? _directories;

    /// <summary>The new state; if set, nothing else of the patch counts.</summary>
    public DirectoryBuilder? Replacement { get; private init; }

    /// <summary>All earlier entries of the node here are removed before the rest is applied.</summary>
    public bool IsCleared { get; private set; }

    /// <summary>The directory itself is not announced any more; it stays while it leads to other entries.</summary>
    public bool IsWithdrawn { get; private set; }

    /// <summary>The announced facts of the directory itself, if any.</summary>
    public DirectoryFacts? Facts { get; private set; }

    /// <summary>New facts of files by name; null for removed files.</summary>
    public IReadOnlyDictionary<byte[], FileFacts?> Files => _files ?? [];

    public IReadOnlyDictionary<byte[], DirectoryPatch> Directories => _directories ?? [];

    public static DirectoryPatch Replace(DirectoryBuilder replacement) => new() { Replacement = replacement };

    /// <summary>Makes the path a file of the node, and no directory of it.</summary>
    public void PutFile(VirtualPath path, in FileFacts facts)
    {
        var (parent, name) = ParentOf(path, isPut: true);
        parent.Child(name).Clear();
        parent.SetFile(name, facts);
    }

    /// <summary>Makes the path a directory of the node, and keeps its content.</summary>
    public void PutDirectory(VirtualPath path, in DirectoryFacts facts)
    {
        var (parent, name) = ParentOf(path, isPut: true);
        parent.SetFile(name, null);
        parent.Child(name).Facts = facts;
    }

    /// <summary>Removes all entries of the node at and below the path.</summary>
    public void Delete(VirtualPath path)
    {
        var (parent, name) = ParentOf(path, isPut: false);
        parent.SetFile(name, null);
        parent.Child(name).Clear();
    }

    /// <summary>Removes a file unless the patch puts one at that path.</summary>
    public void RemoveFileUnlessPut(VirtualPath path)
    {
        var (parent, name) = ParentOf(path, isPut: false);
        if (parent.Files.GetValueOrDefault(name) is null) parent.SetFile(name, null);
    }

    /// <summary>Withdraws the announcement of a directory unless the patch puts one at that path. The entries below stay.</summary>
    public void WithdrawDirectoryUnlessPut(VirtualPath path)
    {
        var (parent, name) = ParentOf(path, isPut: false);
        var directory = parent.Child(name);
        directory.IsWithdrawn = directory.Facts is null;
    }

    private (DirectoryPatch Parent, byte[] Name) ParentOf(VirtualPath path, bool isPut)
    {
        var parent = this;
        foreach (var range in path.Parent.Relative.Split('/'))
        {
            var characters = path.Parent.Relative[range];
            if (characters.IsEmpty) continue;
            var name = Encoding.UTF8.GetBytes(characters.ToArray());
            // A directory with content cannot be a file of this node.
            if (isPut) parent.SetFile(name, null);
            parent = parent.Child(name);
        }

        return (parent, Encoding.UTF8.GetBytes(path.Name));
    }

    private void SetFile(byte[] name, FileFacts? facts) => (_files ??= new(NameBytes.Comparer))[name] = facts;

    private DirectoryPatch Child(byte[] name)
    {
        _directories ??= new(NameBytes.Comparer);
        if (!_directories.TryGetValue(name, out var child)) _directories.Add(name, child = new DirectoryPatch());
        return child;
    }

    private void Clear()
    {
        IsCleared = true;
        Facts = null;
        _files = null;
        _directories = null;
    }
}
