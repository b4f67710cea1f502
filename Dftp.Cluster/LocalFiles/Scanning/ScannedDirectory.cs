using Dftp.Cluster.Index;

namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>A directory that a scan has to read, with the chain of its ancestors.</summary>
internal sealed class ScannedDirectory
{
    private ScannedDirectory(ScannedDirectory? parent, byte[] name, byte[] path, byte[] realPath, bool isBehindLink, bool isLink)
    {
        Parent = parent;
        Name = name;
        Path = path;
        RealPath = realPath;
        IsBehindLink = isBehindLink;
        IsLink = isLink;
    }

    public ScannedDirectory? Parent { get; }

    public byte[] Name { get; }

    /// <summary>The path in the tree, relative to the root.</summary>
    public byte[] Path { get; }

    /// <summary>The path without symlinks, relative to the root.</summary>
    public byte[] RealPath { get; }

    /// <summary>Whether the path contains a symlink, this directory's own name included.</summary>
    public bool IsBehindLink { get; }

    /// <summary>Whether this directory's own name is a symlink.</summary>
    public bool IsLink { get; }

    /// <summary>Set once the directory was opened.</summary>
    public DirectoryIdentity Identity { get; set; }

    /// <summary>Null above the start of the scan, and until the directory was opened.</summary>
    public DirectoryBuilder? Draft { get; set; }

    /// <summary>What was not put into <see cref="Draft"/>; null for nothing. Guarded by a lock on this object.</summary>
    public DirectoryReport? Report { get; set; }

    /// <summary>The scan observer's own record of this directory.</summary>
    public KnownDirectory? Known { get; set; }

    public static ScannedDirectory Root() => new(null, [], [], [], false, false);

    public ScannedDirectory Child(ReadOnlySpan<byte> name)
    {
        var path = Join(Path, name);
        return new(this, name.ToArray(), path, IsBehindLink ? Join(RealPath, name) : path, IsBehindLink, isLink: false);
    }

    public ScannedDirectory LinkedChild(ReadOnlySpan<byte> name, byte[] realPath) =>
        new(this, name.ToArray(), Join(Path, name), realPath, isBehindLink: true, isLink: true);

    public byte[] RealPathOf(ReadOnlySpan<byte> name) => Join(RealPath, name);

    /// <summary>Whether this directory is the same as one of its ancestors.</summary>
    public bool LiesInItself()
    {
        for (var above = Parent; above is not null; above = above.Parent)
        {
            if (above.Identity == Identity) return true;
        }

        return false;
    }

    private static byte[] Join(ReadOnlySpan<byte> directory, ReadOnlySpan<byte> name)
    {
        if (directory.IsEmpty) return name.ToArray();
        var path = new byte[directory.Length + 1 + name.Length];
        directory.CopyTo(path);
        path[directory.Length] = (byte)'/';
        name.CopyTo(path.AsSpan(directory.Length + 1));
        return path;
    }
}
