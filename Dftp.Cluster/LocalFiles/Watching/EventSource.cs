using Dftp.Cluster.LocalFiles.Scanning;

namespace Dftp.Cluster.LocalFiles.Watching;

/// <summary>The operating system's way to tell what changes on the disk. Safe for use by many threads at once.</summary>
internal abstract class EventSource : IDisposable
{
    /// <summary>Directories that are watched now.</summary>
    public abstract long Watches { get; }

    /// <summary>Begins to tell events to the sink, on a thread of the source's own.</summary>
    public abstract void Start(EventSink sink);

    /// <summary>Sets the watch of a directory, so that its changes are reported from now on.</summary>
    /// <param name="directory">Where it stands; a watch that it has on another directory is given up.</param>
    /// <param name="reader">The open directory.</param>
    /// <returns>Null; or why not all of its changes will be told, as the end of a sentence.</returns>
    public abstract string? Watch(KnownDirectory directory, DirectoryReader reader);

    /// <summary>Nothing is to be told of a directory any more at this path.</summary>
    public abstract void Unwatch(KnownDirectory directory);

    /// <summary>Tells what has happened by now and was not told yet, before it returns, where that can be had at once.</summary>
    public virtual void CatchUp()
    {
    }

    public abstract void Dispose();
}

/// <summary>What a source tells.</summary>
internal abstract class EventSink
{
    /// <summary>An entry of a directory changed, or came, or went.</summary>
    /// <param name="realPath">The directory's, beneath the root.</param>
    /// <param name="name">The entry.</param>
    /// <param name="change">What happened to it.</param>
    public abstract void Tell(byte[] realPath, ReadOnlySpan<byte> name, EntryEvent change);

    /// <summary>The directory itself was moved or removed, or its file system was.</summary>
    /// <param name="realPath">Where it was.</param>
    /// <param name="isUnwatched">Whether it has no watch any more.</param>
    public abstract void TellGone(byte[] realPath, bool isUnwatched);

    /// <summary>Events were lost: anything may have changed.</summary>
    public abstract void TellOverflow();

    /// <summary>The source came upon a bug while it told: as if events were lost, and to be said loudly.</summary>
    public abstract void TellFailed(Exception failure);

    /// <summary>What was told since the last call belongs together.</summary>
    public abstract void EndBurst();
}

internal enum EntryEvent
{
    /// <summary>Anything but the others: it went, or its attributes changed.</summary>
    Changed,

    /// <summary>A file came to be at the name, or one that was open for writing is complete.</summary>
    FileCame,

    /// <summary>A directory came to be at the name, or may have.</summary>
    DirectoryCame,

    /// <summary>A file is being written and may be for long.</summary>
    Written,
}
