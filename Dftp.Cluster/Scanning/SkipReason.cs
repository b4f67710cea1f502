namespace Dftp.Cluster.Scanning;

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
