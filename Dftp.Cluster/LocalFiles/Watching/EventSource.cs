using Dftp.Cluster.LocalFiles.Scanning;

namespace Dftp.Cluster.LocalFiles.Watching;

/// <summary>The operating system's notification of changes on the disk. Thread-safe.</summary>
internal abstract class EventSource : IDisposable
{
    /// <summary>The number of watched directories.</summary>
    public abstract long Watches { get; }

    /// <summary>Starts to deliver events to the sink, on a thread of its own.</summary>
    public abstract void Start(EventSink sink);

    /// <summary>Watches a directory: its changes are reported from now on.</summary>
    /// <param name="directory">The directory; its watch on another directory, if any, is removed.</param>
    /// <param name="reader">The open directory.</param>
    /// <returns>Null, or why not all of its changes will be reported, as the end of a sentence.</returns>
    public abstract string? Watch(KnownDirectory directory, DirectoryReader reader);

    /// <summary>Stops reporting changes of a directory for this path.</summary>
    public abstract void Unwatch(KnownDirectory directory);

    /// <summary>Delivers all pending events before it returns, where the system can provide them at once.</summary>
    public virtual void CatchUp()
    {
    }

    public abstract void Dispose();
}

/// <summary>Receives the events of a source.</summary>
internal abstract class EventSink
{
    /// <summary>An entry of a directory was created, changed or removed.</summary>
    /// <param name="realPath">The directory's path beneath the root, without symlinks.</param>
    /// <param name="name">The entry.</param>
    /// <param name="change">The kind of change.</param>
    public abstract void Tell(byte[] realPath, ReadOnlySpan<byte> name, EntryEvent change);

    /// <summary>A directory itself was moved or removed, or its file system was.</summary>
    /// <param name="realPath">Its former path.</param>
    /// <param name="isUnwatched">Whether it has lost its watch.</param>
    public abstract void TellGone(byte[] realPath, bool isUnwatched);

    /// <summary>Events were lost: anything may have changed.</summary>
    public abstract void TellOverflow();

    /// <summary>The source hit a bug while delivering events: handled as lost events, and logged as critical.</summary>
    public abstract void TellFailed(Exception failure);

    /// <summary>The events since the last call belong together.</summary>
    public abstract void EndBurst();
}

internal enum EntryEvent
{
    /// <summary>Any other change: the entry was removed or its attributes changed.</summary>
    Changed,

    /// <summary>A file appeared at the name, or a file that was open for writing was closed.</summary>
    FileCame,

    /// <summary>A directory appeared at the name, or may have.</summary>
    DirectoryCame,

    /// <summary>A file is being written, possibly for a long time.</summary>
    Written,
}
