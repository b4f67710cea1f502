using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles;

namespace Dftp.Tests.Cluster.LocalFiles;

/// <summary>The parts that open files of a <see cref="TempRoot"/>, with an empty tree.</summary>
internal static class LocalParts
{
    public static LocalFileOpener Opener(LocalRoot root, DigestCache<FileIdentity, LocalVersion> digests, TimeProvider? time = null)
    {
        var clock = time ?? TimeProvider.System;
        var versions = new LocalVersions(TempRoot.Node, new TreeWriter(), new RewrittenFiles(default), clock);
        return new LocalFileOpener(root, versions, TempRoot.Node, digests, clock);
    }
}
