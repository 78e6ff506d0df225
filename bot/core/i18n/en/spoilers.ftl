# The button under a result that hides its pictures as spoilers, and shows them again.

error-not-marked = The pictures of this message could not be changed, so please try again in a moment.

error-not-yours-to-mark = Only the person who asked and members with the permission Manage Messages can hide or show this, so please ask one of them.

error-hidden-by-moderator = A moderator hid these pictures, so please ask a moderator if they should be shown again.

spoiler-some-left =
    { $count ->
        [one] One message could not be changed, so please press the button under it.
       *[other] { $count } messages could not be changed, so please press the button under them.
    }

custom-spoiler = Spoilers
custom-spoiler-is =
    { $spoiler ->
        [yes] Pictures are hidden until somebody clicks them
       *[no] Pictures are shown
    }
