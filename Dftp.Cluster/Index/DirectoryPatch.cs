using System.Text;
using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>
/// What is to become of one node's entries in and below a directory: either a whole new state, or single changes in the order in
/// which they were said.
/// </summary>
internal sealed class DirectoryPatch
{
    private Dictionary<byte[], FileFacts?>? _files;
    private Dictionary<byte[], DirectoryPatch>? _directories;

    /// <summary>All that the node holds here from now on; then nothing else of the patch counts.</summary>
    public DirectoryBuilder? Replacement { get; private init; }

    /// <summary>Whatever the node held here goes before the rest is applied.</summary>
    public bool IsCleared { get; private set; }

    /// <summary>What the node says of the directory itself, when it says it.</summary>
    public DirectoryFacts? Facts { get; private set; }

    /// <summary>New facts of files by name; null for those that go.</summary>
    public IReadOnlyDictionary<byte[], FileFacts?> Files => _files ?? [];

    public IReadOnlyDictionary<byte[], DirectoryPatch> Directories => _directories ?? [];

    public static DirectoryPatch Replace(DirectoryBuilder replacement) => new() { Replacement = replacement };

    /// <summary>The path is a file of the node from now on, and no directory of it.</summary>
    public void PutFile(VirtualPath path, in FileFacts facts)
    {
        var (parent, name) = ParentOf(path, isPut: true);
        parent.Child(name).Clear();
        parent.SetFile(name, facts);
    }

    /// <summary>The path is a directory of the node from now on, with whatever it held there already.</summary>
    public void PutDirectory(VirtualPath path, in DirectoryFacts facts)
    {
        var (parent, name) = ParentOf(path, isPut: true);
        parent.SetFile(name, null);
        parent.Child(name).Facts = facts;
    }

    /// <summary>The node holds nothing at or below the path any more.</summary>
    public void Delete(VirtualPath path)
    {
        var (parent, name) = ParentOf(path, isPut: false);
        parent.SetFile(name, null);
        parent.Child(name).Clear();
    }

    private (DirectoryPatch Parent, byte[] Name) ParentOf(VirtualPath path, bool isPut)
    {
        var parent = this;
        foreach (var range in path.Parent.Relative.Split('/'))
        {
            var characters = path.Parent.Relative[range];
            if (characters.IsEmpty) continue;
            var name = Encoding.UTF8.GetBytes(characters.ToArray());
            // What holds something is a directory, so it is no file of this node any more.
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
