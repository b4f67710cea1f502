using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>
/// Decides whether a file that a scan finds with a size and time that it had before has another content. Each scan needs its own instance,
/// created before the scan starts.
/// </summary>
/// <param name="rewritten">The changes reported for the files.</param>
/// <param name="root">The root of the files.</param>
/// <param name="subtrees">Directories, relative to the root directory, that were moved to their places, with everything below them.</param>
internal sealed class VersionJudgement(RewrittenFiles rewritten, LocalRoot root, IReadOnlySet<VirtualPath> subtrees)
{
    /// <summary>Versions that lasted for less time, for example those of a file that is being written, are not remembered.</summary>
    private const uint StoodSeconds = 5;

    private readonly long _mark = rewritten.Mark();
    private readonly List<VirtualPath> _judged = [];
    private VirtualPath _directory;
    private IReadOnlySet<string>? _names;
    private bool _came;

    /// <summary>Whether any file of the directory may be another version although size and time are the same.</summary>
    public bool HasSuspects => _came || _names is not null;

    /// <summary>Moves on to a directory.</summary>
    public void Enter(VirtualPath directory)
    {
        _directory = directory;
        _names = rewritten.In(directory, _mark);
        if (_names is not null) _judged.Add(directory);
        _came = subtrees.Count > 0 && Came(directory);
    }

    /// <summary>Whether this node itself wrote the file after the scan began, which therefore says nothing about it.</summary>
    public bool IsPutSince(ReadOnlySpan<byte> name) => rewritten.IsPutSince(_directory.Child(Encoding.UTF8.GetString(name)), _mark);

    /// <summary>Whether this node itself wrote a file below a directory after the scan began.</summary>
    public bool IsPutBelowSince(VirtualPath directory) => rewritten.IsPutBelowSince(directory, _mark);

    /// <summary>Whether a file has another content than an earlier version of the same size and time.</summary>
    public bool IsRevised(ReadOnlySpan<byte> name, in FileFacts known, in FileFacts found, Stamp now)
    {
        if (known.Size == found.Size && known.Modified == found.Modified)
            return HasSuspects && (_came || _names!.Contains(Encoding.UTF8.GetString(name))) && HasMovedStatus(name);
        var path = _directory.Child(Encoding.UTF8.GetString(name));
        var isFormer = rewritten.IsFormer(path, found.Size, found.Modified);
        if (now.Seconds > known.Stamp.Seconds + StoodSeconds) rewritten.GaveWay(path, known.Size, known.Modified);
        return isFormer;
    }

    /// <summary>Call it after the scan has been put into the tree.</summary>
    public void End() => rewritten.Judged(_judged, _mark);

    private bool Came(VirtualPath directory)
    {
        for (var at = TreePath.Beneath(root.Mount, directory); !at.IsRoot; at = at.Parent)
        {
            if (subtrees.Contains(at)) return true;
        }

        return false;
    }

    private bool HasMovedStatus(ReadOnlySpan<byte> name)
    {
        var opened = root.OpenFile(TreePath.Beneath(root.Mount, _directory.Child(Encoding.UTF8.GetString(name))));
        if (!opened.IsOpened) return true;
        using var file = opened.File;
        return LocalVersions.HasMovedStatus(file);
    }
}
