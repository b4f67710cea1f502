namespace Dftp.Cluster.Index;

/// <summary>All the reasons for which a scan leaves something out.</summary>
internal enum SkipReason
{
    /// <summary>A symlink that ends outside of the root.</summary>
    LinkLeavesRoot,

    /// <summary>A symlink that ends nowhere, or where nothing may be looked at.</summary>
    LinkDangles,

    /// <summary>A symlink to itself, or to a directory that it lies in.</summary>
    LinkLoops,

    /// <summary>A symlink to a directory, inside a directory that was reached by a symlink itself.</summary>
    LinkNests,

    /// <summary>A pipe, a socket or a device.</summary>
    NotRegular,

    /// <summary>A name that is not UTF-8.</summary>
    NameNotUtf8,

    /// <summary>A name that holds a control character.</summary>
    NameHasControl,

    /// <summary>A path, or a name, longer than a VirtualPath may be.</summary>
    PathTooLong,

    /// <summary>A directory that the operating system does not let this node read, or that broke off while it was read.</summary>
    UnreadableDirectory,

    /// <summary>A file of which the operating system tells nothing.</summary>
    UnreadableFile,
}

internal static class SkipReasonWords
{
    /// <summary>The reason as it stands behind a number.</summary>
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
