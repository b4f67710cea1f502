namespace Dftp.Cluster.Index;

/// <summary>The reasons for which a scan leaves out an entry.</summary>
internal enum SkipReason
{
    /// <summary>A symlink whose target is outside of the root.</summary>
    LinkLeavesRoot,

    /// <summary>A symlink whose target does not exist or may not be read.</summary>
    LinkDangles,

    /// <summary>A symlink to itself, or to a directory that contains it.</summary>
    LinkLoops,

    /// <summary>A symlink to a directory, inside a directory that was itself reached by a symlink.</summary>
    LinkNests,

    /// <summary>A pipe, a socket or a device.</summary>
    NotRegular,

    /// <summary>A name that is not UTF-8.</summary>
    NameNotUtf8,

    /// <summary>A name with a control character.</summary>
    NameHasControl,

    /// <summary>A path, or a name, longer than a VirtualPath may be.</summary>
    PathTooLong,

    /// <summary>A directory that this node may not read, or whose reading failed in the middle.</summary>
    UnreadableDirectory,

    /// <summary>A file whose facts the operating system does not return.</summary>
    UnreadableFile,
}

internal static class SkipReasonWords
{
    /// <summary>The text of a reason, used after a number.</summary>
    public static string InWords(this SkipReason reason) => reason switch
    {
        SkipReason.LinkLeavesRoot => "symlink(s) out of the root",
        SkipReason.LinkDangles => "dangling symlink(s)",
        SkipReason.LinkLoops => "symlink(s) that loop",
        SkipReason.LinkNests => "symlink(s) to a directory inside of a linked directory",
        SkipReason.NotRegular => "pipe(s), socket(s) or device(s)",
        SkipReason.NameNotUtf8 => "name(s) that are not UTF-8",
        SkipReason.NameHasControl => "name(s) with a control character",
        SkipReason.PathTooLong => "path(s) that are too long",
        SkipReason.UnreadableDirectory => "unreadable directory(s)",
        SkipReason.UnreadableFile => "unreadable file(s)",
        _ => throw new InvalidOperationException($"no words for {reason}"),
    };
}
